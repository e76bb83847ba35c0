package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.apache.commons.lang3.SerializationUtils;
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
     * A round at a time from the product's own state, since two trainings part that differ by a rounding: a worker begins
     * from where it came to, less a part of the distance that it had from the mean; the mean moves by the mean of the
     * changes.
     */
    @Test
    void isDampedCocodSgd() throws IOException {
        float damping = (float) (0.6 * (1 - Math.sqrt(0.9))); // of one step a round
        TrainingPlan plan = overlapping();
        LocalSteps steps = new LocalSteps(plan("steps-per-round", "1"));
        StatisticsLayout statistics = StatisticsLayout.of(plan.graph());
        try (ParameterAveraging averaging = averaging(plan)) {
            TrainingState before = averaging.round(start(plan)).state();
            averaging.commit();
            assertThat(before.parameters()).isEqualTo(start(plan).parameters());
            List<WorkerUpdate> sent = sent(averaging);
            List<TrainingState> begun = List.of(before, before);
            for (int round = 1; round < 4; round++) {
                TrainingState after = averaging.round(before).state();
                averaging.commit();
                assertThat(withoutStatistics(after.parameters(), statistics))
                        .isEqualTo(withoutStatistics(
                                moved(before.parameters(), sent, WorkerUpdate::parameters), statistics));
                assertThat(after.velocity()).isEqualTo(moved(before.velocity(), sent, WorkerUpdate::velocity));
                List<WorkerUpdate> next = sent(averaging);
                List<TrainingState> begins = new ArrayList<>();
                for (int worker = 0; worker < 2; worker++) {
                    WorkerUpdate last = sent.get(worker);
                    TrainingState own = begun.get(worker);
                    float[] parameters = begin(own.parameters(), before.parameters(), last.parameters(), damping);
                    statistics.assign(parameters, last.statistics().array());
                    float[] velocity = begin(own.velocity(), before.velocity(), last.velocity(), damping);
                    TrainingState start = before.with(TrainingState.vectors(parameters, velocity, new float[0]));
                    begins.add(start);
                    WorkerUpdate end = update(steps, start, worker);
                    assertThat(next.get(worker).velocity().array()).isEqualTo(minus(end.velocity(), velocity));
                    assertThat(withoutStatistics(next.get(worker).parameters().array(), statistics))
                            .isEqualTo(withoutStatistics(minus(end.parameters(), parameters), statistics));
                    assertThat(norm(next.get(worker).parameters().array())).isGreaterThan(1e-4);
                }
                before = after;
                sent = next;
                begun = begins;
            }
        }
    }

    /** Of two workers with 8 images each. */
    private static List<WorkerUpdate> sent(ParameterAveraging averaging) {
        return List.copyOf(averaging.localStates()).stream()
                .map(WorkerLocalState::sent)
                .toList();
    }

    private static float[] moved(float[] from, List<WorkerUpdate> changes, Function<WorkerUpdate, FloatBlock> vector) {
        float[] first = vector.apply(changes.get(0)).array();
        float[] second = vector.apply(changes.get(1)).array();
        float[] moved = new float[from.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = (float) ((8.0 * first[i] + 8.0 * second[i]) / 16) + from[i];
        }
        return moved;
    }

    private static float[] begin(float[] own, float[] mean, FloatBlock change, float damping) {
        float[] begin = new float[own.length];
        for (int i = 0; i < begin.length; i++) {
            begin[i] = own[i] + change.get(i) - damping * (own[i] - mean[i]);
        }
        return begin;
    }

    private static float[] minus(FloatBlock end, float... start) {
        float[] change = new float[start.length];
        for (int i = 0; i < change.length; i++) {
            change[i] = end.get(i) - start[i];
        }
        return change;
    }

    private static float[] withoutStatistics(float[] parameters, StatisticsLayout statistics) {
        float[] rest = parameters.clone();
        statistics.assign(rest, new float[statistics.length()]);
        return rest;
    }

    /** An epoch's last round is averaged at once: its state is the mean of where the workers came to. */
    @Test
    void isNotTheSameAsWaiting() throws IOException {
        float[] overlapped = epoch(overlapping()).parameters();
        float[] blocking = epoch(plan("steps-per-round", "1")).parameters();
        float[] start = start(plan()).parameters();
        assertThat(difference(blocking, overlapped)).isBetween(1e-5, 0.5 * difference(start, blocking));
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
            // As across processes: here they are the objects that the workers go on with.
            localStates =
                    first.localStates().stream().map(SerializationUtils::clone).toList();
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
        while (state.work().remaining() > 0) {
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
            List<WorkerLocalState> three = WorkerLocalState.repartitioned(two, 3);
            assertThat(three).hasSize(3);
            float[] mean = moved(new float[start(plan).parameters().length], sent(averaging), WorkerUpdate::parameters);
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
                "averaging.outer-optimizer | { kind = nesterov, learning-rate = 0.7, momentum = 0.9 } | false with averaging.outer-optimizer",
                "averaging.deadline-seconds | 5 | overlap = true"
            })
    void isRefusedWhereItCannotBe(String key, String value, String answer) {
        assertThatThrownBy(() -> overlapping(key, value, "averaging.quorum", "0.5"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(answer);
    }
}
