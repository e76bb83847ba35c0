package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TestCache {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5); // as System.nanoTime, it may overflow
    private final Cache<String> cache = new Cache<>(2, clock::get);
    private final List<String> read = new ArrayList<>();
    private Object stamp = "first";

    private String get(String name) throws IOException {
        return cache.get(name, new Cache.Source<>() {
            @Override
            public Object stamp() {
                return stamp;
            }

            @Override
            public String read() {
                read.add(name);
                return name + " " + stamp;
            }
        });
    }

    @Test
    void readsAgainWhatChangedButNotAtOnce() throws IOException {
        assertThat(get("a")).isEqualTo("a first");
        stamp = "second";
        clock.addAndGet(Cache.FRESH_NANOS - 1);
        assertThat(get("a")).isEqualTo("a first");
        clock.incrementAndGet();
        assertThat(get("a")).isEqualTo("a second");
        clock.addAndGet(2 * Cache.FRESH_NANOS);
        assertThat(get("a")).isEqualTo("a second");
        assertThat(read).containsExactly("a", "a");
    }

    @Test
    void aValueThatSaysWhatFailedIsReadAgain() throws IOException {
        List<String> values = new ArrayList<>(List.of("no answer", "fine", "never"));
        Cache.Source<String> source = new Cache.Source<>() {
            @Override
            public Object stamp() {
                return stamp;
            }

            @Override
            public String read() {
                return values.remove(0);
            }

            @Override
            public boolean keeps(String value) {
                return value.equals("fine");
            }
        };
        for (String expected : List.of("no answer", "fine", "fine")) {
            assertThat(cache.get("a", source)).isEqualTo(expected);
            clock.addAndGet(2 * Cache.FRESH_NANOS);
        }
    }

    @Test
    void restsLongerAfterALongReading() throws IOException {
        cache.get("a", new Cache.Source<>() {
            @Override
            public Object stamp() {
                return "first";
            }

            @Override
            public String read() {
                clock.addAndGet(Cache.FRESH_NANOS);
                return "slow";
            }
        });
        stamp = "second";
        clock.addAndGet(10 * Cache.FRESH_NANOS - 1);
        assertThat(get("a")).isEqualTo("slow");
        clock.incrementAndGet();
        assertThat(get("a")).isEqualTo("a second");
    }

    @Test
    void keepsWhatWasAskedForLast() throws IOException {
        get("a");
        get("b");
        get("a");
        get("c");
        assertThat(cache.size()).isEqualTo(2);
        get("a");
        get("b");
        assertThat(read).containsExactly("a", "b", "c", "b");
    }

    @Test
    void aReadingThatFailedIsTriedAgain() throws IOException {
        assertThatThrownBy(() -> cache.get("a", new Cache.Source<>() {
                    @Override
                    public Object stamp() {
                        return "first";
                    }

                    @Override
                    public String read() throws IOException {
                        throw new IOException("the disk is away");
                    }
                }))
                .hasMessage("the disk is away");
        assertThat(get("a")).isEqualTo("a first");
    }

    @Test
    void fiftyWhoAskAtOnceCostOneReading() throws Exception {
        AtomicInteger readings = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(50);
        Cache<String> shared = new Cache<>(1);
        ExecutorService clients = Executors.newFixedThreadPool(50);
        try {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                answers.add(clients.submit(() -> {
                    all.countDown();
                    all.await();
                    return shared.get("a", new Cache.Source<>() {
                        @Override
                        public Object stamp() {
                            return "same";
                        }

                        @Override
                        public String read() {
                            return "reading " + readings.incrementAndGet();
                        }
                    });
                }));
            }
            for (Future<String> answer : answers) {
                assertThat(answer.get()).isEqualTo("reading 1");
            }
        } finally {
            clients.shutdownNow();
        }
    }
}
