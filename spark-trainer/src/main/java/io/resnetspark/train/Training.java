package io.resnetspark.train;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.Preprocessing;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.averaging.Averaging;
import io.resnetspark.train.averaging.StatisticsLayout;
import io.resnetspark.train.averaging.TrainingPlan;
import io.resnetspark.train.averaging.TrainingState;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.report.Metrics;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.factory.Nd4j;

/** A training run: state, round, state; at the end of an epoch a look at pictures never seen; at last a model. */
public final class Training {
    private final JavaSparkContext spark;
    private final Configuration conf;
    private final Recipe recipe;
    private final Dataset.Opened data;
    private final Path model;
    private final Progress progress;

    private final TrainingPlan plan;
    private final Preprocessing evaluationPreprocessing;
    private final ComputationGraph graph;
    private final Metrics metrics = new Metrics();

    /** The model that a run made, and how it went. */
    public record Result(Path model, EvaluationResult evaluation, double trainingSeconds, double imagesPerSecond) {}

    public Training(JavaSparkContext spark, Recipe recipe, Dataset.Opened data, Path out, Progress progress)
            throws IOException {
        this.spark = spark;
        this.conf = spark.hadoopConfiguration();
        this.recipe = recipe;
        this.data = data;
        this.progress = progress;
        this.model = new Path(out, "model");
        if (model.getFileSystem(conf).exists(model)) {
            throw new BadInputException(model + " exists, and nothing is overwritten. Name another --out.");
        }
        this.evaluationPreprocessing = recipe.data().evaluationOn(data, conf);
        this.plan = TrainingPlan.of(
                recipe,
                data.path().toString(),
                data.dataset().shards(Split.TRAIN),
                data.dataset().classes().size(),
                recipe.data().trainingOn(data, conf),
                ExecutorCores.perWorker(spark, recipe.workers()));
        this.graph = graph();
    }

    /** Where the workers are threads of this process, it is known whether they will have room. */
    private ComputationGraph graph() {
        try {
            if (spark.isLocal()) {
                plan.requireMemory(Math.min(recipe.workers(), spark.defaultParallelism()));
            }
            return plan.graph();
        } catch (IllegalArgumentException unfit) {
            throw new BadInputException(unfit.getMessage(), unfit);
        }
    }

    public Result run() throws IOException {
        Averaging averaging = new Averaging(spark, plan, StatisticsLayout.of(graph));
        TrainingState state = initial();
        EvaluationResult evaluation = null;
        double seconds = 0;
        long images = 0;
        while (state.epoch() < recipe.epochs()) {
            int epoch = state.epoch();
            try (Progress.Step step =
                    progress.begin("epoch " + (epoch + 1) + "/" + recipe.epochs(), "images", plan.examples())) {
                long before = images;
                while (state.epoch() == epoch) {
                    Averaging.Round round = averaging.round(state);
                    report(state, round);
                    state = round.state();
                    seconds += round.seconds();
                    images += round.examples();
                    step.reached(images - before, String.format("loss %.3f", round.loss()));
                }
            }
            evaluation = evaluate(state);
        }
        return new Result(publish(state, evaluation), evaluation, seconds, images / seconds);
    }

    private TrainingState initial() {
        float[] velocity =
                new float[(int) graph.getUpdater().getStateViewArray().length()];
        return new TrainingState(0, 0, 0, graph.params().toFloatVector(), velocity);
    }

    /** Null where the dataset has nothing to evaluate on. */
    private EvaluationResult evaluate(TrainingState state) {
        if (data.dataset().examples(Split.VAL) == 0) {
            return null;
        }
        EvaluationResult result = new Evaluation(spark, data, Split.VAL)
                .execute(plan, state.parameters(), evaluationPreprocessing, progress);
        metrics.add(new Metrics.EvaluationLine("evaluation", state.epoch(), result));
        return result;
    }

    private void report(TrainingState before, Averaging.Round round) {
        metrics.add(new Metrics.RoundLine(
                "round",
                before.epoch() + 1,
                before.round() + 1,
                round.state().iteration(),
                recipe.learningRate().at((double) before.iteration() / plan.iterationsPerEpoch()),
                round.loss(),
                round.examples(),
                round.seconds(),
                round.examples() / round.seconds(),
                round.waiting()));
    }

    private Path publish(TrainingState state, EvaluationResult evaluation) throws IOException {
        graph.params()
                .assign(Nd4j.createFromArray(state.parameters())
                        .reshape(graph.params().shape()));
        ModelDescription description = new ModelDescription(
                ModelDescription.FORMAT,
                recipe.network(),
                data.dataset().classes(),
                ModelArtifact.evaluation(recipe.data().evaluation(), evaluationPreprocessing.mean()),
                evaluation,
                Provenance.now(data.path().toString(), data.digest(), recipe.seed(), recipe.workers(), plan.threads()));
        return ModelArtifact.write(
                model,
                description,
                NetworkWeights.of(graph),
                evaluationPreprocessing.mean(),
                recipe.text(),
                metrics.text(),
                conf);
    }
}
