package io.resnetspark.train;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ArtifactFiles;
import io.resnetspark.train.averaging.Dl4jAveraging;
import io.resnetspark.train.averaging.Engine;
import io.resnetspark.train.averaging.ParameterAveraging;
import io.resnetspark.train.checkpoint.RunIdentity;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What a recipe, a dataset and a cluster are together: found not to fit each other before any work is done.
 *
 * @param plan what each worker does
 * @param data the dataset
 * @param evaluation how images are seen when the model is judged
 * @param graph initialised from the recipe's seed
 * @param local where workers compute that are threads of this process; empty on a cluster
 */
public record TrainingSetup(
        JavaSparkContext spark,
        TrainingPlan plan,
        Dataset.Opened data,
        Preprocessing evaluation,
        NetworkGraph graph,
        Optional<Placement> local) {
    /** @throws BadInputException saying what does not fit */
    public static TrainingSetup of(JavaSparkContext spark, Recipe recipe, Dataset.Opened data) throws IOException {
        ArtifactFiles.requireLines(data.dataset().classes());
        recipe.data().validationCoverage().require(data);
        Configuration conf = spark.hadoopConfiguration();
        Preprocessing evaluation = recipe.data().evaluationOn(data, conf);
        TrainingPlan plan = TrainingPlan.of(
                recipe,
                data.path().toString(),
                data.dataset().shards(Split.TRAIN),
                data.dataset().classes().size(),
                recipe.data().trainingOn(data, conf),
                ExecutorCores.perWorker(spark, recipe.workers()));
        Optional<Placement> local =
                spark.isLocal() ? Optional.of(Placement.here(plan.compute(), Placement.NONE)) : Optional.empty();
        return new TrainingSetup(spark, plan, data, evaluation, graph(spark, plan, local), local);
    }

    /** Where the workers are threads of this process, it is known whether they will have room. */
    private static NetworkGraph graph(JavaSparkContext spark, TrainingPlan plan, Optional<Placement> local) {
        try {
            local.ifPresent(placement -> {
                int workers = Math.min(plan.recipe().workers(), spark.defaultParallelism());
                plan.requireMemory(placement, ExecutorNetworks.atOnce(placement, workers));
            });
            return plan.graph();
        } catch (IllegalArgumentException unfit) {
            throw new BadInputException(unfit.getMessage(), unfit);
        }
    }

    Recipe recipe() {
        return plan.recipe();
    }

    Configuration conf() {
        return spark.hadoopConfiguration();
    }

    /** What computed, in words, for the model's provenance. */
    String backend() {
        if (local.isPresent()) {
            return local.get().description();
        }
        boolean given = spark.getConf().contains("spark.task.resource.gpu.amount");
        boolean cuda = plan.compute().kernels() == KernelOption.CUDA
                || (given && plan.compute().kernels() == KernelOption.AUTO);
        return cuda ? "CUDA on the executors' GPUs" : plan.compute().layers().description();
    }

    StatisticsLayout statistics() {
        return StatisticsLayout.of(graph);
    }

    /** The state before the first step. */
    TrainingState initialState() throws IOException {
        return new InitialState(recipe(), data.dataset().classes(), graph).state(plan.work(0), conf());
    }

    /** What a checkpoint must agree with to be resumed. */
    RunIdentity identity() {
        return new RunIdentity(recipe().text(), data.digest(), plan.threads());
    }

    Engine engine() {
        Recipe recipe = recipe();
        return switch (recipe.averaging().engine()) {
            case NATIVE ->
                new ParameterAveraging(
                        spark,
                        new LocalSteps(plan),
                        recipe.workers(),
                        recipe.averaging(),
                        statistics(),
                        plan::examplesPerRound);
            case DL4J -> new Dl4jAveraging(spark, plan, plan.graph());
        };
    }
}
