package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Averages that are worked out while the next round computes, and taken over a round late. */
@Tag("slow")
class TestOverlap extends SmallRuns {
    private static TrainingPlan overlapping(String... more) throws IOException {
        String[] all = Arrays.copyOf(more, more.length + 4);
        all[more.length] = "averaging.overlap";
        all[more.length + 1] = "true";
        all[more.length + 2] = "steps-per-round";
        all[more.length + 3] = "1";
        return plan(all);
    }

    /**
     * CoCoD-SGD as its paper has it, in plain loops: x = mean of the workers' models of the round before + own change.
     * The models themselves are averaged here, where the product averages changes.
     */
    @Test
    void isCocodSgd() throws IOException {
        TrainingPlan plan = overlapping();
        LocalSteps steps = new LocalSteps(plan("steps-per-round", "1"));
        StatisticsLayout statistics = StatisticsLayout.of(plan.graph());
        TrainingState state = start(plan);
        List<float[]> models = List.of(state.parameters(), state.parameters());
        List<float[]> velocities = List.of(state.velocity(), state.velocity());
        List<Long> examples = List.of(1L, 1L);
        boolean ends = false;
        while (!ends) {
            List<float[]> nextModels = new ArrayList<>();
            List<float[]> nextVelocities = new ArrayList<>();
            List<Long> nextExamples = new ArrayList<>();
            for (int worker = 0; worker < 2; worker++) {
                TrainingState start =
                        state.with(TrainingState.vectors(models.get(worker), velocities.get(worker), new float[0]));
                Contribution end = contribution(steps, start, worker);
                nextExamples.add(end.report().examples());
                if (end.report().examples() == 0) { // its part of the epoch is at its end
                    nextModels.add(models.get(worker));
                    nextVelocities.add(velocities.get(worker));
                    continue;
                }
                nextModels.add(plus(mean(models, examples), end.parameters().array(), models.get(worker)));
                nextVelocities.add(
                        plus(mean(velocities, examples), end.velocity().array(), velocities.get(worker)));
                statistics.assign(nextModels.get(worker), end.statistics().array());
            }
            state = new TrainingState(
                    state.work().after(plan.examplesPerRound(state), Set.of()),
                    state.iteration() + 1,
                    0,
                    state.vectors());
            models = nextModels;
            velocities = nextVelocities;
            examples = nextExamples;
            ends = state.work().left() == 0;
        }
        float[] expected = mean(models, examples);
        TrainingState overlapped = epoch(plan);
        // Running statistics are averaged as moments.
        statistics.assign(expected, statistics.values(overlapped.parameters()));
        assertThat(difference(expected, overlapped.parameters())).isLessThan(1e-6);
        assertThat(difference(mean(velocities, examples), overlapped.velocity()))
                .isLessThan(1e-5);
        TrainingState blocking = epoch(plan("steps-per-round", "1"));
        assertThat(difference(blocking.parameters(), overlapped.parameters())).isGreaterThan(1e-4);
    }

    private static float[] mean(List<float[]> vectors, List<Long> examples) {
        float[] mean = new float[vectors.get(0).length];
        double total = examples.stream().mapToLong(Long::longValue).sum();
        for (int i = 0; i < mean.length; i++) {
            double sum = 0;
            for (int k = 0; k < vectors.size(); k++) {
                sum += examples.get(k) * (double) vectors.get(k)[i];
            }
            mean[i] = (float) (sum / total);
        }
        return mean;
    }

    /** mean + (end - start) */
    private static float[] plus(float[] mean, float[] end, float[] start) {
        float[] sum = new float[mean.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = mean[i] + (end[i] - start[i]);
        }
        return sum;
    }

    /** A worker's own change comes back to it from the average. */
    @Test
    void changesNothingForOneWorkerButRoundings() throws IOException {
        TrainingState overlapped = epoch(overlapping("workers", "1"));
        TrainingState blocking = epoch(plan("workers", "1", "steps-per-round", "1"));
        assertThat(difference(blocking.parameters(), overlapped.parameters())).isLessThan(1e-5);
    }

    /** With more workers than cores, some have ended before others begin, and average what these would have. */
    @ParameterizedTest
    @CsvSource({"2, float32, averaged", "2, bfloat16, averaged", "3, float32, local", "5, float32, averaged"})
    void leadsToTheSameBitsBetweenProcesses(String workers, String dtype, String momentum) throws IOException {
        TrainingPlan plan =
                overlapping("workers", workers, "averaging.update-dtype", dtype, "averaging.momentum", momentum);
        TrainingState inProcess = epoch(plan);
        TrainingState crossed = epoch(plan, false);
        assertThat(crossed.parameters()).isEqualTo(inProcess.parameters());
        assertThat(crossed.velocity()).isEqualTo(inProcess.velocity());
    }

    /** In the middle of an epoch, when updates have been sent and not been averaged. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void goesOnToTheSameBits(boolean inProcess) throws IOException {
        TrainingPlan plan = overlapping("averaging.update-dtype", "bfloat16");
        TrainingState state = start(plan);
        TrainingState saved;
        List<WorkerLocalState> localStates;
        TrainingState expected;
        try (ParameterAveraging first = averaging(plan, inProcess)) {
            for (int i = 0; i < 2; i++) {
                state = first.round(state).state();
                first.commit();
            }
            saved = state.with(TrainingState.vectors(
                    state.parameters().clone(), state.velocity().clone(), state.outer()));
            localStates = List.copyOf(first.localStates());
            expected = toTheEnd(first, state);
        }
        assertThat(localStates).allMatch(WorkerLocalState::hasSent);
        try (ParameterAveraging second = averaging(plan, inProcess)) {
            second.restore(localStates);
            TrainingState resumed = toTheEnd(second, saved);
            assertThat(resumed.parameters()).isEqualTo(expected.parameters());
            assertThat(resumed.velocity()).isEqualTo(expected.velocity());
            assertThat(List.copyOf(second.localStates())).noneMatch(WorkerLocalState::hasSent);
        }
    }

    private static TrainingState toTheEnd(ParameterAveraging averaging, TrainingState begun) {
        TrainingState state = begun;
        while (state.work().left() > 0) {
            state = averaging.round(state).state();
            averaging.commit();
        }
        state.parameters();
        return state;
    }

    /** Their average stays what it was, and so does what they will add to the state. */
    @Test
    void otherWorkersHaveTheMeanOfWhatTheseHadSent() throws IOException {
        TrainingPlan plan = overlapping();
        try (ParameterAveraging averaging = averaging(plan)) {
            averaging.round(start(plan));
            averaging.commit();
            List<WorkerLocalState> two = List.copyOf(averaging.localStates());
            List<WorkerLocalState> three = WorkerLocalState.dealt(two, 3);
            assertThat(three).hasSize(3);
            float[] mean = mean(
                    two.stream().map(kept -> kept.sent().parameters().array()).toList(), List.of(8L, 8L));
            for (int worker = 0; worker < 3; worker++) {
                assertThat(three.get(worker).sent().report().worker()).isEqualTo(worker);
                assertThat(difference(
                                mean, three.get(worker).sent().parameters().array()))
                        .isLessThan(1e-6);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "averaging.outer | { kind = nesterov, rate = 0.7, momentum = 0.9 } | false with averaging.outer",
                "averaging.deadline-seconds | 5 | overlap = true"
            })
    void isRefusedWhereItCannotBe(String key, String value, String answer) {
        assertThatThrownBy(() -> overlapping(key, value, "averaging.quorum", "0.5"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(answer);
    }
}
