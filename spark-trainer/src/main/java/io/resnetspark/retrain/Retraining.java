package io.resnetspark.retrain;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.registry.ChampionChangedException;
import io.resnetspark.registry.ChangeRequest;
import io.resnetspark.registry.ModelEvents;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.RegisteredModel;
import io.resnetspark.registry.Registry;
import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Lease;
import io.resnetspark.storage.LeaseHeldException;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.averaging.DivergedException;
import io.resnetspark.train.checkpoint.OtherRunException;
import io.resnetspark.train.recipe.InitialModel;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.recipe.ValidationCoverage;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * From a plan to a better model, or to a record of why there is none: prepare what is new, ask whether there is reason,
 * train, compare with the champion on the same images, publish, try the published bytes, promote, prune. Whoever is
 * killed on the way is resumed: each step looks first whether it was done.
 */
public final class Retraining {
    private static final Remedy GIVE_UP = Remedy.of(Remedy.Kind.GIVE_UP);

    private final JavaSparkContext spark;
    private final Configuration conf;
    private final RetrainPlan plan;
    private final String recipeText;
    private final Reporter reporter;
    private final RegisteredModel model;
    private final RetrainingRuns attempts;

    /**
     * Makes ready.
     *
     * @param recipeText the plan's recipe, read
     * @param reporter of this plan
     */
    public Retraining(JavaSparkContext spark, RetrainPlan plan, String recipeText, Reporter reporter)
            throws IOException {
        this.spark = spark;
        this.conf = spark.hadoopConfiguration();
        this.plan = plan;
        this.recipeText = recipeText;
        this.reporter = reporter;
        this.model = new Registry(Locations.of(plan.registry()), conf).model(plan.name());
        this.attempts = new RetrainingRuns(Locations.of(plan.runs()), conf);
    }

    /** Does it, if nobody else does. */
    public Outcome run(boolean forced) throws IOException {
        try {
            // A holder that died is waited for, until its lease ends.
            try (Lease lease = Lease.await(model.folder(), plan.lease(), reporter.progress()::say, conf)) {
                return new UnderLease(lease).run(forced);
            }
        } catch (LeaseHeldException held) {
            return reporter.tell(Outcome.of(Outcome.Kind.BUSY, plan.name(), held.getMessage()));
        } catch (Exception failed) { // Spark throws what it does not declare
            reporter.tell(Outcome.of(Outcome.Kind.FAILED, plan.name(), String.valueOf(failed.getMessage())));
            throw failed;
        }
    }

    /** What {@link #run} would do as things are, without preparing what is new. */
    public String wouldDo(boolean forced) throws IOException {
        Optional<RetrainingRun> begun = attempts.unfinished(plan.name());
        if (begun.isPresent() && !forced && isStillWanted(begun.get())) {
            return "would resume the run in " + begun.get().run() + ", started "
                    + begun.get().started() + " since " + begun.get().reason();
        }
        String first = plan.corpus().from().isEmpty()
                ? ""
                : "would add what is new in " + plan.corpus().from() + " first; ";
        Path data = Locations.of(plan.data());
        if (!data.getFileSystem(conf).exists(data)) {
            return first + "there is no dataset at " + plan.data() + " yet";
        }
        RetrainTrigger reason = reason(Dataset.open(data, conf), forced);
        return first + (reason.isGiven() ? "would train, since " : "would not train as the data is: ") + reason.words();
    }

    /** @throws BadInputException if the dataset is not there, which may pass: nothing is known of the attempt then */
    private boolean isStillWanted(RetrainingRun attempt) throws IOException {
        Path data = Locations.of(plan.data());
        if (!data.getFileSystem(conf).exists(data)) {
            throw new BadInputException(
                    "There is no dataset at " + plan.data() + ", with which the attempt in " + attempt.run()
                            + " was begun. Bring it back (is a disk not mounted?) and start again.",
                    List.of(GIVE_UP));
        }
        Optional<ModelVersion> champion = model.champion();
        Dataset.Opened opened = Dataset.open(data, conf);
        return attempt.isFor(
                opened.digest(), recipe(champion, opened.dataset()).text(), champion.map(ModelVersion::number));
    }

    private RetrainTrigger reason(Dataset.Opened data, boolean forced) throws IOException {
        Optional<ModelVersion> champion = model.champion();
        Optional<Integer> number = champion.map(ModelVersion::number);
        Optional<Outcome> before =
                attempts.before(data, recipe(champion, data.dataset()).text(), number);
        return RetrainTrigger.of(plan.trigger(), data, champion, attempts.all(), before, forced);
    }

    /** The plan's, with what follows from the champion and the dataset; what the plan says itself stays. */
    private Recipe recipe(Optional<ModelVersion> champion, Dataset data) {
        Map<String, String> overrides = new LinkedHashMap<>(plan.overrides());
        if (plan.fromChampion() && champion.isPresent()) {
            overrides.put("initial-model.path", '"' + champion.get().path().toString() + '"');
            boolean sameClasses = champion.get().description().classes().equals(data.classes());
            if (!sameClasses && parsed(overrides).initialModel().head() == InitialModel.Head.KEEP) {
                overrides = beneath(overrides, "initial-model.head", InitialModel.Head.BY_CLASS.toString());
            }
            // Champions that were imported, mostly; one that a recipe made has the recipe's own.
            boolean dividesByStd = champion.get().description().evaluation().deviation() != null;
            if (dividesByStd && !parsed(overrides).data().dividesByStd()) {
                overrides = beneath(overrides, "data.std", "per-channel");
            }
        }
        // A class of a few images is no reason to stop a night: the gate says nothing of it.
        boolean someWithout = !ValidationCoverage.classesWithout(data).isEmpty();
        if (someWithout && parsed(overrides).data().validationCoverage() == ValidationCoverage.EVERY_CLASS) {
            overrides = beneath(overrides, "data.validation-coverage", ValidationCoverage.SOME_CLASSES.toString());
        }
        return parsed(overrides);
    }

    /** A value that holds unless the plan has another: later ones win, by whichever name of a key. */
    private static Map<String, String> beneath(Map<String, String> overrides, String key, String value) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put(key, value);
        all.putAll(overrides);
        return all;
    }

    private Recipe parsed(Map<String, String> overrides) {
        return Recipe.parse(recipeText, plan.recipe(), overrides);
    }

    /** What may be done by the lease's holder alone. */
    private final class UnderLease {
        private final Lease lease;
        private final RetrainingSteps steps;

        UnderLease(Lease lease) {
            this.lease = lease;
            this.steps = new RetrainingSteps(spark, plan, model, reporter, lease);
        }

        Outcome run(boolean forced) throws IOException {
            attempts.takeOver(plan.name(), lease);
            Optional<RetrainingRun> begun = goingOn(forced);
            if (begun.isEmpty()) {
                Dataset.Opened data = steps.prepared();
                RetrainTrigger reason = reason(data, forced);
                if (!reason.isGiven()) {
                    Integer champion = model.events().champion().orElse(null);
                    return reporter.tell(Outcome.nothing(plan.name(), reason.words(), champion));
                }
                Optional<ModelVersion> champion = model.champion();
                String recipe = recipe(champion, data.dataset()).text();
                begun = Optional.of(attempts.begin(
                        plan.name(), reason.words(), data, recipe, champion.map(ModelVersion::number), lease));
                reporter.step("attempt " + begun.get().run() + ", since " + reason.words());
            }
            RetrainingRun attempt = begun.get();
            reporter.workOn(attempt);
            Optional<Outcome> decided = decided(attempt);
            Outcome outcome = decided.isPresent() ? decided.get() : decideOrGiveUp(attempt);
            reporter.step("prune");
            model.prune(plan.keepVersions(), change(attempt).because("keep-versions = " + plan.keepVersions()));
            Outcome told = reporter.tell(outcome);
            if (told.equals(outcome)) { // or the next one tells it, as this one was stopped
                end(attempt, outcome);
            }
            return told;
        }

        private void end(RetrainingRun attempt, Outcome outcome) throws IOException {
            lease.check();
            attempts.end(attempt, outcome, plan.keepVersions());
        }

        /** What would fail again in the same way is not resumed: its end is recorded. */
        private Outcome decideOrGiveUp(RetrainingRun attempt) throws IOException {
            try {
                return decide(attempt);
            } catch (DivergedException diverged) {
                return refused(attempt, null, diverged.getMessage(), null);
            } catch (OtherRunException other) { // its checkpoints are whole, and may be of use where it was begun
                throw other.with(GIVE_UP);
            } catch (BadInputException | DamagedException wrong) {
                if (!Reporter.isStopping()) {
                    end(attempt, outcome(Outcome.Kind.FAILED, wrong.getMessage(), attempt, null, null));
                }
                throw wrong;
            }
        }

        /** The attempt of somebody who was killed, if what it was begun for is still so. */
        private Optional<RetrainingRun> goingOn(boolean forced) throws IOException {
            Optional<RetrainingRun> begun = attempts.unfinished(plan.name());
            if (begun.isEmpty() || decided(begun.get()).isPresent()) {
                return begun;
            }
            if (!forced && isStillWanted(begun.get())) {
                reporter.step("resume " + begun.get().run());
                return begun;
            }
            String why =
                    "given up: " + (forced ? "forced to begin anew" : "the data, the recipe or the champion changed");
            end(begun.get(), outcome(Outcome.Kind.NOTHING, why, begun.get(), null, null));
            return Optional.empty();
        }

        private ChangeRequest change(RetrainingRun attempt) {
            return new ChangeRequest(Lease.userAtHost(), attempt.reason(), attempt.run(), null, lease);
        }

        /** What the record of events says already. */
        private Optional<Outcome> decided(RetrainingRun attempt) throws IOException {
            return model.history().stream()
                    .filter(event -> attempt.run().equals(event.run()))
                    .filter(event -> event.action() == RegistryEvent.Action.PROMOTE
                            || event.action() == RegistryEvent.Action.REFUSE)
                    .findFirst()
                    .map(event -> outcome(event, attempt));
        }

        private Outcome outcome(RegistryEvent event, RetrainingRun attempt) {
            Outcome.Kind kind =
                    event.action() == RegistryEvent.Action.PROMOTE ? Outcome.Kind.PROMOTED : Outcome.Kind.REFUSED;
            return new Outcome(
                    kind,
                    plan.name(),
                    event.message(),
                    event.version(),
                    event.aliases().get(ModelEvents.CHAMPION),
                    attempt.run(),
                    event.figures());
        }

        private Outcome outcome(
                Outcome.Kind kind, String why, RetrainingRun attempt, Integer version, JsonNode figures) {
            return new Outcome(kind, plan.name(), why, version, attempt.champion(), attempt.run(), figures);
        }

        private Outcome decide(RetrainingRun attempt) throws IOException {
            Dataset.Opened data = Dataset.open(Locations.of(plan.data()), conf);
            ModelArtifact challenger = steps.trained(attempt, data);
            Gate.Verdict verdict = steps.verdict(attempt, data, challenger);
            JsonNode figures = Json.COMPACT.valueToTree(verdict);
            if (!verdict.passes()) {
                return refused(attempt, null, String.join("; ", verdict.problems()), figures);
            }
            ModelVersion version = published(attempt, challenger);
            Optional<String> problem = steps.problem(version, challenger, data);
            if (problem.isPresent()) {
                return refused(attempt, version.number(), problem.get(), figures);
            }
            reporter.step("promote " + version.reference());
            try {
                Optional<Integer> before = Optional.ofNullable(attempt.champion());
                return outcome(model.succeed(version, before, change(attempt).with(figures)), attempt);
            } catch (ChampionChangedException changed) { // which is no word on this model
                return outcome(Outcome.Kind.NOTHING, changed.getMessage(), attempt, version.number(), figures);
            }
        }

        private Outcome refused(RetrainingRun attempt, Integer version, String why, JsonNode figures)
                throws IOException {
            reporter.step("refuse: " + why);
            return outcome(
                    model.events().refuse(version, change(attempt).because(why).with(figures)), attempt);
        }

        /** The version that this attempt has published, or publishes now. */
        private ModelVersion published(RetrainingRun attempt, ModelArtifact challenger) throws IOException {
            for (int number : model.numbers()) {
                Optional<RegistryEvent> publication = model.publication(number);
                if (publication.isPresent()
                        && attempt.run().equals(publication.get().run())) {
                    return model.find(String.valueOf(number));
                }
            }
            reporter.step("publish");
            return model.publish(challenger, change(attempt));
        }
    }
}
