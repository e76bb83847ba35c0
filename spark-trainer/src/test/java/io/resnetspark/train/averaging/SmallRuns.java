package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.dataset.Split;
import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.ThreeColours;
import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;

/** Runs over 81 images of three colours, and what is asked of them. */
abstract class SmallRuns extends ThreeColours {
    private static final Map<String, String> USUAL = Map.of(
            "data.augmentation",
            "[{ kind = random-crop, padding = 4 }, { kind = horizontal-flip }, { kind = pca-lighting, std = 0.1 }]",
            "steps-per-round",
            "2",
            "epochs",
            "4",
            "learning-rate",
            "{ kind = multistep, initial = 0.05, milestones = [1], warm-up-epochs = 0 }");

    /** 81 images: no batch, round or number of workers divides them. */
    @BeforeAll
    static void prepare() throws IOException {
        prepare(27, 1, 32, 40_000);
        assertThat(data.dataset().shards(Split.TRAIN)).hasSizeGreaterThan(2);
    }

    static TrainingPlan plan(String... overrides) throws IOException {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < overrides.length; i += 2) {
            map.put(overrides[i], overrides[i + 1]);
        }
        Recipe recipe = SmallRecipe.with(USUAL, map);
        return TrainingPlan.of(
                recipe,
                data.path().toString(),
                data.dataset().shards(Split.TRAIN),
                data.dataset().classes().size(),
                recipe.data().trainingOn(data, spark.hadoopConfiguration()),
                1);
    }

    static TrainingState start(TrainingPlan plan) {
        NetworkGraph graph = plan.graph();
        int trainable = (int) graph.getUpdater().getStateViewArray().length();
        boolean averaged = plan.recipe().averaging().momentum() == AveragingRecipe.MomentumRule.AVERAGED;
        float[] parameters = NativeFloats.copy(graph.params());
        boolean outer = plan.recipe().averaging().outer().hasVelocity();
        return TrainingState.begin(
                plan.work(0),
                parameters,
                new float[averaged ? trainable : 0],
                new float[outer ? parameters.length : 0]);
    }

    static ParameterAveraging averaging(TrainingPlan plan) {
        return averaging(plan, true);
    }

    /** @param local false for what crosses processes, though here both ends are in one */
    static ParameterAveraging averaging(TrainingPlan plan, boolean local) {
        return averaging(plan, new LocalSteps(plan), local);
    }

    static ParameterAveraging averaging(TrainingPlan plan, LocalWork work, boolean local) {
        return new ParameterAveraging(
                spark,
                work,
                plan.recipe().workers(),
                plan.recipe().averaging(),
                Exchange.of(
                        spark,
                        StatisticsLayout.of(plan.graph()),
                        local,
                        ExchangeTimeout.of(plan.recipe().averaging())),
                plan::examplesPerRound);
    }

    static TrainingState epoch(TrainingPlan plan) {
        return epoch(plan, true);
    }

    static TrainingState epoch(TrainingPlan plan, boolean local) {
        ParameterAveraging averaging = averaging(plan, local);
        TrainingState state = start(plan);
        while (state.work().remaining() > 0) {
            state = averaging.round(state).state();
            averaging.commit();
        }
        state.parameters(); // fetched while there is somebody to fetch them from
        averaging.close();
        return state;
    }

    static WorkerUpdate update(LocalSteps steps, TrainingState state, int worker) throws IOException {
        return steps.run(state, worker, WorkerLocalState.nothing(), spark.hadoopConfiguration(), images -> {})
                .update();
    }

    static double norm(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value * value;
        }
        return Math.sqrt(sum);
    }

    /** Norm of the difference over norm. */
    static double difference(float[] expected, float[] actual) {
        float[] difference = new float[expected.length];
        for (int i = 0; i < difference.length; i++) {
            difference[i] = expected[i] - actual[i];
        }
        return norm(difference) / norm(expected);
    }
}
