package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TestArena {
    private static final long UNIT = Arena.ALIGNMENT;

    @Test
    void aPlaceThatWasGivenBackServesAgain() {
        Arena arena = new Arena();
        long first = arena.take(3 * UNIT);
        long second = arena.take(UNIT);
        arena.give(first, 3 * UNIT);
        assertThat(arena.take(UNIT)).isEqualTo(first);
        assertThat(arena.take(2 * UNIT)).isEqualTo(first + UNIT);
        assertThat(second).isEqualTo(3 * UNIT);
        assertThat(arena.size()).isEqualTo(4 * UNIT);
    }

    @Test
    void placesThatTouchBecomeOne() {
        Arena arena = new Arena();
        long a = arena.take(UNIT);
        long b = arena.take(UNIT);
        long c = arena.take(UNIT);
        arena.take(UNIT);
        arena.give(a, UNIT);
        arena.give(c, UNIT);
        arena.give(b, UNIT);
        assertThat(arena.take(3 * UNIT)).isEqualTo(a);
    }

    @Test
    void whatIsFreeAtTheEndIsMadeLonger() {
        Arena arena = new Arena();
        arena.take(UNIT);
        long last = arena.take(UNIT);
        arena.give(last, UNIT);
        assertThat(arena.take(5 * UNIT)).isEqualTo(last);
        assertThat(arena.size()).isEqualTo(6 * UNIT);
    }

    @Test
    void aFreshPlaceWasNeverAnybodyElses() {
        Arena arena = new Arena();
        long used = arena.take(4 * UNIT);
        arena.give(used, 4 * UNIT);
        assertThat(arena.takeFresh(UNIT)).isEqualTo(4 * UNIT);
    }

    @Test
    void noTwoPlacesOverlap() {
        Random random = new Random(5);
        Arena arena = new Arena();
        List<long[]> taken = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            if (taken.isEmpty() || random.nextInt(5) < 3) {
                long bytes = 1L + random.nextInt(20 * (int) UNIT);
                long offset = random.nextInt(20) == 0 ? arena.takeFresh(bytes) : arena.take(bytes);
                for (long[] other : taken) {
                    assertThat(offset + bytes <= other[0] || other[0] + other[1] <= offset)
                            .isTrue();
                }
                assertThat(offset % UNIT).isZero();
                assertThat(offset + bytes).isLessThanOrEqualTo(arena.size());
                taken.add(new long[] {offset, bytes});
            } else {
                long[] given = taken.remove(random.nextInt(taken.size()));
                arena.give(given[0], given[1]);
            }
        }
    }
}
