package io.resnetspark.train.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class TestPrefetch {
    @Test
    void keepsTheOrderAndMakesOneAhead() throws Exception {
        List<CountDownLatch> begun =
                List.of(new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1));
        List<Integer> made = new ArrayList<>();
        try (Prefetch<Integer, Integer> prefetch = new Prefetch<>(
                List.of(0, 1, 2, 3),
                i -> {
                    begun.get(i).countDown();
                    return 10 * i;
                },
                1)) {
            for (int i = 0; i < 4; i++) {
                begun.get(i).await(); // begins before it is asked for
                assertThat(begun.subList(i + 1, 4)).allMatch(later -> later.getCount() == 1);
                assertThat(prefetch.hasNext()).isTrue();
                made.add(prefetch.next());
            }
            assertThat(prefetch.hasNext()).isFalse();
        }
        assertThat(made).containsExactly(0, 10, 20, 30);
    }

    @Test
    void makesSeveralAtOnceAndKeepsTheirOrder() throws Exception {
        CountDownLatch threeAtOnce = new CountDownLatch(3);
        List<Integer> made = new ArrayList<>();
        Prefetch.Maker<Integer, Integer> maker = i -> {
            threeAtOnce.countDown();
            try {
                threeAtOnce.await();
            } catch (InterruptedException ended) {
                throw new IOException(ended);
            }
            return 10 * i;
        };
        try (Prefetch<Integer, Integer> prefetch = new Prefetch<>(List.of(0, 1, 2, 3, 4), maker, 3)) {
            while (prefetch.hasNext()) {
                made.add(prefetch.next());
            }
        }
        assertThat(made).containsExactly(0, 10, 20, 30, 40);
    }

    @Test
    void withNoneAheadEachIsMadeByWhoeverAsks() throws Exception {
        List<Integer> made = new ArrayList<>();
        Thread caller = Thread.currentThread();
        try (Prefetch<Integer, Integer> prefetch = new Prefetch<>(
                List.of(0, 1, 2),
                i -> {
                    assertThat(Thread.currentThread()).isSameAs(caller);
                    assertThat(made).hasSize(i);
                    return 10 * i;
                },
                0)) {
            while (prefetch.hasNext()) {
                made.add(prefetch.next());
            }
        }
        assertThat(made).containsExactly(0, 10, 20);
    }

    @Test
    void countsTheTimeOfWaiting() throws Exception {
        Thread consumer = Thread.currentThread();
        try (Prefetch<Integer, Integer> prefetch = new Prefetch<>(
                List.of(1),
                i -> {
                    try {
                        while (consumer.getState() == Thread.State.RUNNABLE) {
                            Thread.sleep(1);
                        }
                        Thread.sleep(100); // it waits now
                    } catch (InterruptedException ended) {
                        throw new IOException(ended);
                    }
                    return i;
                },
                1)) {
            prefetch.next();
            assertThat(prefetch.waited()).isGreaterThan(0.09);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void passesOnWhatWentWrong(int ahead) {
        try (Prefetch<Integer, Integer> prefetch = new Prefetch<>(
                List.of(1),
                i -> {
                    throw new FileNotFoundException("gone");
                },
                ahead)) {
            assertThatThrownBy(prefetch::next)
                    .isInstanceOf(FileNotFoundException.class)
                    .hasMessage("gone");
        }
    }
}
