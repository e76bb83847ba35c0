package io.resnetspark.data.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.data.shard.EpochOrder.Run;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestEpochOrder {
    private static final int[] SIZES = {7, 0, 13, 1, 20};

    @ParameterizedTest
    @CsvSource({"1, 5", "2, 3", "3, 4", "4, 100", "41, 1", "50, 2"})
    void visitsEveryExampleOnceHoweverWorkersAndRoundsDivide(int workers, int stride) {
        EpochOrder order = new EpochOrder(1, 2, SIZES);
        List<String> visited = new ArrayList<>();
        for (int worker = 0; worker < workers; worker++) {
            for (int round = 0; ; round++) {
                long[] slice = EpochOrder.slice(order.examples(), worker, workers, round, stride);
                if (slice[0] == slice[1]) {
                    break;
                }
                assertThat(slice[1] - slice[0]).isLessThanOrEqualTo(stride);
                visited.addAll(examples(order, slice[0], slice[1]));
            }
        }
        assertThat(visited).hasSize(41).doesNotHaveDuplicates();
    }

    @Test
    void givesWorkersPartsEqualToWithinOne() {
        Set<Long> lengths = new HashSet<>();
        for (int worker = 0; worker < 6; worker++) {
            long[] slice = EpochOrder.slice(41, worker, 6, 0, 1000);
            lengths.add(slice[1] - slice[0]);
        }
        assertThat(lengths).containsExactlyInAnyOrder(6L, 7L);
    }

    @Test
    void followsFromSeedAndEpochAlone() {
        assertThat(all(new EpochOrder(1, 2, SIZES)))
                .isEqualTo(all(new EpochOrder(1, 2, SIZES)))
                .isNotEqualTo(all(new EpochOrder(1, 3, SIZES)))
                .isNotEqualTo(all(new EpochOrder(2, 2, SIZES)));
    }

    private static List<String> all(EpochOrder order) {
        return examples(order, 0, order.examples());
    }

    private static List<String> examples(EpochOrder order, long from, long to) {
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
