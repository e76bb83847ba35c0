package io.resnetspark.deploy.retrain;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.data.Progress;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.prepare.Prepare;
import io.resnetspark.data.prepare.PrepareSettings;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.Shards;
import io.resnetspark.data.source.Source;
import io.resnetspark.data.source.Sources;
import io.resnetspark.deploy.registry.ChampionChangedException;
import io.resnetspark.deploy.registry.Change;
import io.resnetspark.deploy.registry.Event;
import io.resnetspark.deploy.registry.ModelEvents;
import io.resnetspark.deploy.registry.RegisteredModel;
import io.resnetspark.deploy.registry.Registry;
import io.resnetspark.deploy.registry.Version;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Lease;
import io.resnetspark.storage.LeaseHeldException;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Renames;
import io.resnetspark.train.ExecutorCores;
import io.resnetspark.train.Training;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.Judgement;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * From a plan to a better model, or to a record of why there is none: prepare what is new, ask whether there is reason,
 * train, compare with the champion on the same pictures, publish, try the published bytes, promote, prune. Whoever is
 * killed on the way is gone on from: each step looks first whether it was done.
 */
public final class Retraining {
    private static final int CHECKED_PICTURES = 4;
    private static final int KEPT_CHECKPOINTS = 3;
    private static final Duration POLL = Duration.ofSeconds(1);

    private final JavaSparkContext spark;
    private final Configuration conf;
    private final RetrainPlan plan;
    private final String recipeText;
    private final String main;
    private final Progress progress;
    private final RegisteredModel model;
    private final Attempts attempts;

    /**
     * Makes ready.
     *
     * @param recipeText the plan's recipe, read
     * @param main the class of the command line, for a process that tries what was published
     */
    public Retraining(JavaSparkContext spark, RetrainPlan plan, String recipeText, String main, Progress progress)
            throws IOException {
        this.spark = spark;
        this.conf = spark.hadoopConfiguration();
        this.plan = plan;
        this.recipeText = recipeText;
        this.main = main;
        this.progress = progress;
        this.model = new Registry(Locations.of(plan.registry()), conf).model(plan.name());
        this.attempts = new Attempts(Locations.of(plan.runs()), conf);
    }

    /** Does it, if nobody else does. */
    public Outcome run(boolean forced) throws IOException {
        try (Lease lease = lease()) {
            return new UnderLease(lease).run(forced);
        } catch (LeaseHeldException held) {
            return told(Outcome.of(Outcome.Kind.BUSY, plan.name(), held.getMessage()));
        } catch (IOException | RuntimeException failed) {
            told(Outcome.of(Outcome.Kind.FAILED, plan.name(), String.valueOf(failed.getMessage())));
            throw failed;
        }
    }

    private Outcome told(Outcome outcome) throws IOException {
        step("tell that it is " + outcome.outcome());
        new Hooks(plan.hooks(), progress::say).tell(outcome);
        return outcome;
    }

    private void step(String what) {
        progress.say("retrain: " + what);
    }

    /** A holder that died is waited for, until its lease ends. */
    private Lease lease() throws IOException {
        long end = System.nanoTime() + plan.lease().plusSeconds(2).toNanos();
        for (boolean first = true; ; first = false) {
            try {
                String who = Change.whoever() + ", process "
                        + ProcessHandle.current().pid();
                return Lease.take(model.folder(), who, plan.lease(), conf);
            } catch (LeaseHeldException held) {
                if (System.nanoTime() > end) {
                    throw held;
                }
                if (first) {
                    progress.say(held.getMessage());
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }

    /** What {@link #run} would do as things are, without preparing what is new. */
    public String wouldDo(boolean forced) throws IOException {
        Optional<Attempt> begun = attempts.unfinished();
        if (begun.isPresent()) {
            return "would go on with the attempt in " + begun.get().run() + ", begun "
                    + begun.get().begun() + " since " + begun.get().why();
        }
        String first = plan.corpus().from().isEmpty()
                ? ""
                : "would add what is new in " + plan.corpus().from() + " first; ";
        Path data = Locations.of(plan.data());
        if (!data.getFileSystem(conf).exists(data)) {
            return first + "there is no dataset at " + plan.data() + " yet";
        }
        Reason reason = reason(Dataset.open(data, conf), forced);
        return first + (reason.isGiven() ? "would train, since " : "would not train as the data is: ") + reason.words();
    }

    private Reason reason(Dataset.Opened data, boolean forced) throws IOException {
        Optional<Version> champion = model.champion();
        Optional<Integer> number = champion.map(Version::number);
        Optional<Outcome> before = attempts.before(data, recipe(champion).text(), number);
        return Reason.of(plan.reasons(), data, champion, attempts.all(), before, forced);
    }

    private Recipe recipe(Optional<Version> champion) {
        Map<String, String> overrides = new LinkedHashMap<>(plan.overrides());
        if (plan.fromChampion() && champion.isPresent()) {
            overrides.put("initial-model.path", '"' + champion.get().path().toString() + '"');
        }
        return Recipe.parse(recipeText, plan.recipe(), overrides);
    }

    /** What may be done by the lease's holder alone. */
    private final class UnderLease {
        private final Lease lease;
        private final Progress guarded;

        UnderLease(Lease lease) {
            this.lease = lease;
            this.guarded = new GuardedProgress(progress, lease);
        }

        Outcome run(boolean forced) throws IOException {
            Optional<Attempt> begun = goingOn();
            if (begun.isEmpty()) {
                Dataset.Opened data = prepared();
                Reason reason = reason(data, forced);
                if (!reason.isGiven()) {
                    Integer champion = model.events().champion().orElse(null);
                    return told(Outcome.nothing(plan.name(), reason.words(), champion));
                }
                Optional<Version> champion = model.champion();
                String recipe = recipe(champion).text();
                begun = Optional.of(attempts.begin(reason.words(), data, recipe, champion.map(Version::number), lease));
                step("attempt " + begun.get().run() + ", since " + reason.words());
            }
            Attempt attempt = begun.get();
            Optional<Outcome> decided = decided(attempt);
            Outcome outcome = decided.isPresent() ? decided.get() : decide(attempt);
            step("prune");
            model.prune(plan.keep(), change(attempt).because("keep = " + plan.keep()));
            told(outcome);
            attempts.end(attempt, outcome, plan.keep());
            return outcome;
        }

        /** The attempt of somebody who was killed, if what it was begun for is still so. */
        private Optional<Attempt> goingOn() throws IOException {
            Optional<Attempt> begun = attempts.unfinished();
            if (begun.isEmpty() || decided(begun.get()).isPresent()) {
                return begun;
            }
            Attempt attempt = begun.get();
            Dataset.Opened data = Dataset.open(Locations.of(plan.data()), conf);
            Optional<Version> champion = model.champion();
            if (attempt.isFor(data.digest(), recipe(champion).text(), champion.map(Version::number))) {
                step("go on with " + attempt.run());
                return begun;
            }
            String why = "given up: since it was begun, the data, the recipe or the champion have changed";
            attempts.end(attempt, outcome(Outcome.Kind.NOTHING, why, attempt, null, null), plan.keep());
            return Optional.empty();
        }

        private Dataset.Opened prepared() throws IOException {
            RetrainPlan.Corpus corpus = plan.corpus();
            if (!corpus.from().isEmpty()) {
                step("prepare");
                PrepareSettings settings = new PrepareSettings(
                        corpus.shorterSide(),
                        corpus.keepOriginal(),
                        (long) corpus.shardMebibytes() << 20,
                        corpus.mostBad(),
                        PrepareSettings.Doubles.AUTO,
                        Codec.Limits.USUAL);
                Source source = Sources.open(corpus.source(), Locations.of(corpus.from()), conf);
                new Prepare(spark, source, Locations.of(plan.data()), settings).run(guarded);
            }
            return Dataset.open(Locations.of(plan.data()), conf);
        }

        private Change change(Attempt attempt) {
            return new Change(Change.whoever(), attempt.why(), attempt.run(), null, lease);
        }

        /** What the record of events says already. */
        private Optional<Outcome> decided(Attempt attempt) throws IOException {
            return model.history().stream()
                    .filter(event -> attempt.run().equals(event.run()))
                    .filter(event -> event.action() == Event.Action.PROMOTE || event.action() == Event.Action.REFUSE)
                    .findFirst()
                    .map(event -> outcome(event, attempt));
        }

        private Outcome outcome(Event event, Attempt attempt) {
            Outcome.Kind kind = event.action() == Event.Action.PROMOTE ? Outcome.Kind.PROMOTED : Outcome.Kind.REFUSED;
            return new Outcome(
                    kind,
                    plan.name(),
                    event.why(),
                    event.version(),
                    event.aliases().get(ModelEvents.CHAMPION),
                    attempt.run(),
                    event.figures());
        }

        private Outcome outcome(Outcome.Kind kind, String why, Attempt attempt, Integer version, JsonNode figures) {
            return new Outcome(kind, plan.name(), why, version, attempt.champion(), attempt.run(), figures);
        }

        private Outcome decide(Attempt attempt) throws IOException {
            Dataset.Opened data = Dataset.open(Locations.of(plan.data()), conf);
            ModelArtifact challenger = trained(attempt, data);
            Gate.Verdict verdict = verdict(attempt, data, challenger);
            JsonNode figures = Json.COMPACT.valueToTree(verdict);
            if (!verdict.passes()) {
                return refused(attempt, null, String.join("; ", verdict.problems()), figures);
            }
            Version version = published(attempt, challenger);
            step("try " + version.reference() + " in a fresh process");
            Optional<String> problem =
                    new FreshProcess(main).problem(version.path().toString(), challenger, pictures(data));
            if (problem.isPresent()) {
                return refused(attempt, version.number(), problem.get(), figures);
            }
            step("promote " + version.reference());
            try {
                Optional<Integer> before = Optional.ofNullable(attempt.champion());
                return outcome(model.succeed(version, before, change(attempt).with(figures)), attempt);
            } catch (ChampionChangedException changed) {
                return refused(attempt, version.number(), changed.getMessage(), figures);
            }
        }

        private Outcome refused(Attempt attempt, Integer version, String why, JsonNode figures) throws IOException {
            step("refuse: " + why);
            return outcome(
                    model.events().refuse(version, change(attempt).because(why).with(figures)), attempt);
        }

        private ModelArtifact trained(Attempt attempt, Dataset.Opened data) throws IOException {
            Path run = new Path(attempt.run());
            step("train in " + run);
            if (!Training.isComplete(run, conf)) {
                Checkpoints.Policy policy =
                        new Checkpoints.Policy(0, Duration.ofMinutes(plan.checkpointMinutes()), KEPT_CHECKPOINTS);
                Recipe recipe = Recipe.parse(attempt.recipe(), "the attempt's recipe", Map.of());
                new Training(spark, recipe, data, run, guarded, policy, true).run();
            }
            return ModelArtifact.open(Training.model(run), conf);
        }

        /** Of both models on the same pictures; kept beside the run. */
        private Gate.Verdict verdict(Attempt attempt, Dataset.Opened data, ModelArtifact challenger)
                throws IOException {
            Path file = new Path(attempt.run(), "verdict.json");
            if (file.getFileSystem(conf).exists(file)) {
                return Json.read(file, Gate.Verdict.class, conf);
            }
            step("compare with " + (attempt.champion() == null ? "nothing" : "version " + attempt.champion()));
            Optional<Judgement> champion = Optional.empty();
            if (attempt.champion() != null) {
                Version version = model.find(String.valueOf(attempt.champion()));
                champion = Optional.of(judged(ModelArtifact.open(version.path(), conf), data));
            }
            Gate.Verdict verdict =
                    Gate.judge(plan.gate(), data.dataset().classes(), judged(challenger, data), champion);
            Renames.writeWhole(file, Json.PRETTY.writeValueAsBytes(verdict), conf);
            return verdict;
        }

        private Judgement judged(ModelArtifact artifact, Dataset.Opened data) throws IOException {
            int threads = ExecutorCores.perWorker(spark, spark.defaultParallelism());
            return new Evaluation(spark, data, plan.gate().split())
                    .judge(
                            artifact.blueprint(threads),
                            artifact.parameters(),
                            artifact.preprocessing(),
                            artifact.description().classes(),
                            guarded);
        }

        private List<Example> pictures(Dataset.Opened data) throws IOException {
            Dataset.Shard shard = data.dataset().shards(plan.gate().split()).get(0);
            List<Example> all = Shards.read(new Path(data.path(), shard.path()), shard.digest(), conf);
            return all.subList(0, Math.min(CHECKED_PICTURES, all.size()));
        }

        /** The version that this attempt has published, or publishes now. */
        private Version published(Attempt attempt, ModelArtifact challenger) throws IOException {
            for (int number : model.numbers()) {
                Optional<Event> publication = model.publication(number);
                if (publication.isPresent()
                        && attempt.run().equals(publication.get().run())) {
                    return model.find(String.valueOf(number));
                }
            }
            step("publish");
            return model.publish(challenger, change(attempt));
        }
    }
}
