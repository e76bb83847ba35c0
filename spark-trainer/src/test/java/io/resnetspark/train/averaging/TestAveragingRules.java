package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.worker.ImageReader;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a recipe may say of rounds: who keeps momentum, in what precision workers talk, who is waited for, and more. */
@Tag("slow")
class TestAveragingRules extends SmallRuns {
    private static final AtomicBoolean SLEEPS = new AtomicBoolean();

    /** Of one worker it does not matter who keeps the momentum. */
    @Test
    void aWorkerThatKeepsItsMomentumGoesOnWithIt() throws IOException {
        TrainingState averaged = epoch(plan("workers", "1"));
        TrainingState local = epoch(plan("workers", "1", "averaging.momentum", "local"));
        TrainingState reset = epoch(plan("workers", "1", "averaging.momentum", "reset"));
        assertThat(local.parameters()).isEqualTo(averaged.parameters());
        assertThat(difference(averaged.parameters(), reset.parameters())).isGreaterThan(1e-3);
        assertThat(local.velocity()).isEmpty();
    }

    /** Momentum is linear: where every step is averaged, so is momentum that its workers keep. */
    @Test
    void localMomentumIsAveragedMomentumWhereEveryStepIsAveraged() throws IOException {
        float[] averaged = fourSteps(plan("steps-per-round", "1"));
        float[] local = fourSteps(plan("steps-per-round", "1", "averaging.momentum", "local"));
        float[] reset = fourSteps(plan("steps-per-round", "1", "averaging.momentum", "reset"));
        assertThat(difference(averaged, local)).isLessThan(1e-5);
        assertThat(difference(averaged, reset)).isGreaterThan(1e-3);
    }

    private float[] fourSteps(TrainingPlan plan) throws IOException {
        TrainingState state = start(plan);
        try (ParameterAveraging averaging = averaging(plan)) {
            for (int i = 0; i < 4; i++) {
                state = averaging.round(state).state();
                averaging.commit();
            }
            return state.parameters();
        }
    }

    @ParameterizedTest
    @CsvSource({"float16, 0.01", "bfloat16, 0.01", "int8, 0.03"})
    void roundedChangesLeadToNearlyTheSame(String dtype, double part) throws IOException {
        TrainingState exact = epoch(plan("averaging.update-dtype", "float32"));
        TrainingState rounded = epoch(plan("averaging.update-dtype", dtype));
        assertThat(rounded.parameters()).isNotEqualTo(exact.parameters());
        float[] start = start(plan()).parameters();
        assertThat(difference(exact.parameters(), rounded.parameters()))
                .isLessThan(part * difference(start, exact.parameters()));
    }

    @Test
    void whatAWorkerRememberedCanBeTakenAndPutBack() throws IOException {
        TrainingPlan plan = plan("averaging.momentum", "local", "averaging.update-dtype", "float16");
        ParameterAveraging first = averaging(plan);
        TrainingState state = first.round(start(plan)).state();
        first.commit();
        List<WorkerLocalState> memories = List.copyOf(first.localStates()); // they are fetched when they are asked for
        assertThat(memories).hasSize(2);
        assertThat(memories.get(0).velocity().array())
                .isNotEqualTo(memories.get(1).velocity().array());
        TrainingState expected = first.round(state).state();
        first.close();
        ParameterAveraging second = averaging(plan);
        second.restore(memories);
        assertThat(second.round(state).state().parameters()).isEqualTo(expected.parameters());
    }

    /** As when an executor dies. */
    @Test
    void saysWhenWhatAWorkerRememberedIsGone() throws IOException {
        TrainingPlan plan = plan("averaging.momentum", "local");
        ParameterAveraging averaging = averaging(plan);
        TrainingState state = averaging.round(start(plan)).state();
        averaging.commit();
        spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true));
        assertThatThrownBy(() -> averaging.round(state)).isInstanceOf(StateLostException.class);
        assertThatThrownBy(() -> List.copyOf(averaging.localStates())).isInstanceOf(StateLostException.class);
    }

    @Test
    void aRoundGoesOnWithoutWorkersThatAreLate() throws IOException {
        for (String workers : new String[] {"2", "4"}) {
            TrainingPlan plan = plan("workers", workers, "averaging.deadline-seconds", "4", "averaging.quorum", "0.5");
            int late = Integer.parseInt(workers) - 1;
            LocalSteps steps = new LocalSteps(plan);
            LocalWork work = (state, worker, memory, conf, progress) -> {
                if (worker == late && SLEEPS.get()) {
                    try {
                        Thread.sleep(60_000);
                    } catch (InterruptedException ended) {
                        throw new IOException(ended);
                    }
                }
                return steps.run(state, worker, memory, conf, progress);
            };
            ParameterAveraging averaging = new ParameterAveraging(
                    spark,
                    work,
                    plan.recipe().workers(),
                    plan.recipe().averaging(),
                    StatisticsLayout.of(plan.graph()),
                    plan::examplesPerRound);
            SLEEPS.set(false);
            averaging.round(start(plan)); // networks are built in it, which may take longer than the deadline
            SLEEPS.set(true);
            Round round = averaging.round(start(plan));
            assertThat(round.missing()).containsExactly(late);
            assertThat(round.examples()).isEqualTo(16L * late);
            assertThat(round.state().work().remaining()).isEqualTo(81 - 16L * late);
            // What it did not do is shared.
            long fair = round.state().work().remaining() / plan.recipe().workers();
            assertThat(round.state().work().longestPart()).isBetween(fair, fair + 1);
        }
    }

    @Test
    void whereEverybodyIsInTimeADeadlineChangesNothing() throws IOException {
        assertThat(epoch(plan("averaging.deadline-seconds", "60", "averaging.quorum", "0.5"))
                        .parameters())
                .isEqualTo(epoch(plan()).parameters());
    }

    /** With all images in one batch, a network in inference computes as in training. */
    @Test
    void preciseStatisticsAreThoseOfTheImages() throws IOException {
        TrainingPlan plan = plan("workers", "1", "batch-size", "81");
        TrainingState state = start(plan);
        NetworkGraph graph = plan.graph();
        LocalSteps.load(state, graph);
        List<LocalSteps.Place> all =
                new LocalSteps(plan).steps(state.work(), 81, 0).get(0).get(0);
        INDArray images = new ImageReader(plan, spark.hadoopConfiguration())
                .minibatch(all, 0)
                .getFeatures();
        float[] inTraining = NativeFloats.copy(graph.output(true, images)[0]);
        StatisticsLayout layout = StatisticsLayout.of(graph);
        float[] precise = PreciseStatistics.of(spark, plan, state, layout, 81);
        NativeFloats.assign(graph.params(), precise);
        assertThat(difference(inTraining, NativeFloats.copy(graph.output(false, images)[0])))
                .isLessThan(1e-3);
        // Of several workers and minibatches they are near to that.
        TrainingPlan parts = plan("workers", "2", "batch-size", "16");
        float[] ofParts = PreciseStatistics.of(spark, parts, state, layout, 81);
        NativeFloats.assign(graph.params(), ofParts);
        assertThat(difference(inTraining, NativeFloats.copy(graph.output(false, images)[0])))
                .isLessThan(0.1);
    }

    @Test
    void smoothsTargets() throws IOException {
        TrainingPlan plan = plan("label-smoothing", "0.3");
        List<LocalSteps.Place> places =
                new LocalSteps(plan).steps(plan.work(0), 8, 0).get(0).get(0);
        INDArray targets = new ImageReader(plan, spark.hadoopConfiguration())
                .minibatch(places, 0)
                .getLabels();
        for (int i = 0; i < 8; i++) {
            float[] row = targets.getRow(i).toFloatVector();
            java.util.Arrays.sort(row);
            assertThat(row).containsExactly(new float[] {0.1f, 0.1f, 0.8f}, within(1e-6f));
        }
    }

    @Test
    void aStepHasAsManyMinibatchesAsTheGlobalBatchTakes() throws IOException {
        TrainingPlan plan = plan("global-batch-size", "48");
        List<List<List<LocalSteps.Place>>> steps = new LocalSteps(plan).steps(plan.work(0), 1000, 0);
        assertThat(steps).hasSize(2); // 40 images, 24 a step
        assertThat(steps.get(0)).extracting(List::size).containsExactly(8, 8, 8);
        assertThat(steps.get(1)).extracting(List::size).containsExactly(8, 8);
        assertThat(epoch(plan).iteration()).isEqualTo(2);
    }

    @Test
    void refusesMoreWorkersThanImages() {
        assertThatThrownBy(() -> plan("workers", "82"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has 81 images to train on, fewer than the recipe's 82 workers");
    }
}
