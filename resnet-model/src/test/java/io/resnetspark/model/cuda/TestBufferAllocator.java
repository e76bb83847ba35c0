package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TestBufferAllocator {
    private static final long UNIT = BufferAllocator.ALIGNMENT;

    @Test
    void freedRangeIsReused() {
        BufferAllocator allocator = new BufferAllocator();
        long first = allocator.allocate(3 * UNIT);
        long second = allocator.allocate(UNIT);
        allocator.free(first, 3 * UNIT);
        assertThat(allocator.allocate(UNIT)).isEqualTo(first);
        assertThat(allocator.allocate(2 * UNIT)).isEqualTo(first + UNIT);
        assertThat(second).isEqualTo(3 * UNIT);
        assertThat(allocator.size()).isEqualTo(4 * UNIT);
    }

    @Test
    void adjacentFreeRangesAreMerged() {
        BufferAllocator allocator = new BufferAllocator();
        long a = allocator.allocate(UNIT);
        long b = allocator.allocate(UNIT);
        long c = allocator.allocate(UNIT);
        allocator.allocate(UNIT);
        allocator.free(a, UNIT);
        allocator.free(c, UNIT);
        allocator.free(b, UNIT);
        assertThat(allocator.allocate(3 * UNIT)).isEqualTo(a);
    }

    @Test
    void freeRangeAtTheEndIsExtended() {
        BufferAllocator allocator = new BufferAllocator();
        allocator.allocate(UNIT);
        long last = allocator.allocate(UNIT);
        allocator.free(last, UNIT);
        assertThat(allocator.allocate(5 * UNIT)).isEqualTo(last);
        assertThat(allocator.size()).isEqualTo(6 * UNIT);
    }

    @Test
    void freshRangeIsNeverReused() {
        BufferAllocator allocator = new BufferAllocator();
        long used = allocator.allocate(4 * UNIT);
        allocator.free(used, 4 * UNIT);
        assertThat(allocator.allocateFresh(UNIT)).isEqualTo(4 * UNIT);
    }

    @Test
    void allocationsDoNotOverlap() {
        Random random = new Random(5);
        BufferAllocator allocator = new BufferAllocator();
        List<long[]> taken = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            if (taken.isEmpty() || random.nextInt(5) < 3) {
                long bytes = 1L + random.nextInt(20 * (int) UNIT);
                long offset = random.nextInt(20) == 0 ? allocator.allocateFresh(bytes) : allocator.allocate(bytes);
                for (long[] other : taken) {
                    assertThat(offset + bytes <= other[0] || other[0] + other[1] <= offset)
                            .isTrue();
                }
                assertThat(offset % UNIT).isZero();
                assertThat(offset + bytes).isLessThanOrEqualTo(allocator.size());
                taken.add(new long[] {offset, bytes});
            } else {
                long[] given = taken.remove(random.nextInt(taken.size()));
                allocator.free(given[0], given[1]);
            }
        }
    }
}
