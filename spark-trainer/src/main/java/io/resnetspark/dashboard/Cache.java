package io.resnetspark.dashboard;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.hadoop.fs.FileStatus;

/**
 * What was read, by name, so that fifty clients cost as much as one: of each, only one thread reads, the others wait for
 * it. At most so many are kept, those that were asked for last.
 */
final class Cache<V> {
    /** For so long nobody looks whether it changed. */
    static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** Nor for so many times as long as the reading took. */
    private static final int REST = 10;

    private final Map<String, Entry> entries;
    private final LongSupplier clock;

    /** Where a value comes from. */
    interface Source<V> {
        /** Equal as long as what is read would be the same: lengths and times of files. */
        Object stamp() throws IOException;

        V read() throws IOException;

        /** Whether a value may stay as long as the stamp does; one that says what failed is read again. */
        default boolean keeps(V value) {
            return true;
        }
    }

    /** Of one file: a copy may have the time of what was there before, or its length, seldom both. */
    static String stamp(FileStatus file) {
        return file.getLen() + " " + file.getModificationTime();
    }

    Cache(int max) {
        this(max, System::nanoTime);
    }

    /** @param clock in nanoseconds */
    Cache(int max, LongSupplier clock) {
        this.clock = clock;
        this.entries = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Entry> eldest) {
                return size() > max;
            }
        };
    }

    V get(String name, Source<V> source) throws IOException {
        Entry entry;
        synchronized (entries) {
            entry = entries.computeIfAbsent(name, any -> new Entry());
        }
        return entry.get(source);
    }

    int size() {
        synchronized (entries) {
            return entries.size();
        }
    }

    private final class Entry {
        /** Null before it was read. */
        private V value;

        private Object stamp;
        private long checkAgain;

        synchronized V get(Source<V> source) throws IOException {
            long start = clock.getAsLong();
            if (value != null && start - checkAgain < 0) {
                return value;
            }
            Object now = source.stamp();
            if (value == null || !now.equals(stamp)) {
                value = source.read();
                stamp = source.keeps(value) ? now : null;
            }
            long end = clock.getAsLong();
            checkAgain = end + Math.max(FRESH_NANOS, REST * (end - start));
            return value;
        }
    }
}
