package io.resnetspark.input;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.input.EpochSampler.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TestEpochSampler {
    private static final int[] SIZES = {7, 0, 13, 1, 20};

    @ParameterizedTest
    @CsvSource({"1, 5", "2, 3", "3, 4", "4, 100", "41, 1", "50, 2"})
    void visitsEveryExampleOnceHoweverWorkersAndRoundsDivide(int workers, int stride) {
        List<String> visited = new ArrayList<>();
        for (SamplerState work = SamplerState.begin(2, 41, workers);
                work.remaining() > 0;
                work = work.after(stride, Set.of())) {
            visited.addAll(round(work, stride, Set.of()));
        }
        assertThat(visited).hasSize(41).doesNotHaveDuplicates();
    }

    /** As after a resume with another number of workers, and where some never came back from a round. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void visitsEveryExampleOnceThoughWorkersComeAndGo(int seed) {
        Random random = new Random(seed);
        List<String> visited = new ArrayList<>();
        SamplerState work = SamplerState.begin(2, 41, 4);
        while (work.remaining() > 0) {
            int workers = 1 + random.nextInt(6);
            work = work.repartition(workers);
            Set<Integer> missing = Set.of(random.nextInt(2 * workers));
            visited.addAll(round(work, 3, missing));
            work = work.after(3, missing);
            assertThat(work.done()).isEqualTo(visited.size());
        }
        assertThat(visited).hasSize(41).doesNotHaveDuplicates();
    }

    @Test
    void dealsPartsEqualToWithinOne() {
        for (SamplerState work : List.of(
                SamplerState.begin(0, 41, 6),
                SamplerState.begin(0, 50, 2).after(7, Set.of(1)).repartition(6))) {
            assertThat(work.remaining()).isBetween(41L, 43L);
            assertThat(work.longestPart()).isBetween(work.remaining() / 6, work.remaining() / 6 + 1);
            assertThat(work.parts().stream().mapToLong(part -> length(part)))
                    .allMatch(length -> length >= work.remaining() / 6);
        }
    }

    private static long length(List<SamplerState.Range> part) {
        return part.stream().mapToLong(range -> range.to() - range.from()).sum();
    }

    /** What the workers that are not missing visit. */
    private static List<String> round(SamplerState work, long count, Set<Integer> missing) {
        List<String> visited = new ArrayList<>();
        for (int worker = 0; worker < work.parts().size(); worker++) {
            if (!missing.contains(worker)) {
                work.next(worker, count)
                        .forEach(range ->
                                visited.addAll(examples(new EpochSampler(1, 2, SIZES), range.from(), range.to())));
            }
        }
        return visited;
    }

    @Test
    void followsFromSeedAndEpochAlone() {
        assertThat(all(new EpochSampler(1, 2, SIZES)))
                .isEqualTo(all(new EpochSampler(1, 2, SIZES)))
                .isNotEqualTo(all(new EpochSampler(1, 3, SIZES)))
                .isNotEqualTo(all(new EpochSampler(2, 2, SIZES)));
    }

    private static List<String> all(EpochSampler order) {
        return examples(order, 0, order.examples());
    }

    private static List<String> examples(EpochSampler order, long from, long to) {
        List<String> examples = new ArrayList<>();
        for (Run run : order.positions(from, to)) {
            int[] within = order.within(run.shard());
            for (int i = run.from(); i < run.to(); i++) {
                examples.add(run.shard() + ":" + within[i]);
            }
        }
        return examples;
    }
}
