package io.resnetspark.input;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * The remaining work of an epoch: for each worker, the positions of the {@link EpochSampler} that it has not visited, in
 * this order.
 *
 * @param epoch from 0
 * @param examples of the whole epoch
 */
public record SamplerState(int epoch, long examples, List<List<Range>> parts) implements Serializable {
    /** Positions {@code [from, to)}. */
    public record Range(long from, long to) implements Serializable {
        long length() {
            return to - from;
        }
    }

    public SamplerState {
        parts = parts.stream().map(List::copyOf).toList();
    }

    /** All of an epoch: a contiguous part for each worker, equal to within one example. */
    public static SamplerState begin(int epoch, long examples, int workers) {
        return new SamplerState(epoch, examples, List.of(List.of(new Range(0, examples)))).repartition(workers);
    }

    /** Positions that nobody has visited. */
    public long remaining() {
        return parts.stream().mapToLong(SamplerState::length).sum();
    }

    public long done() {
        return examples - remaining();
    }

    /** Of the worker that has most. */
    public long longestPart() {
        return parts.stream().mapToLong(SamplerState::length).max().orElse(0);
    }

    /** The first {@code count} positions of a worker's part, or the rest of it. */
    public List<Range> next(int worker, long count) {
        List<Range> ranges = new ArrayList<>();
        long wanted = count;
        for (Range range : parts.get(worker)) {
            long taken = Math.min(wanted, range.length());
            if (taken > 0) {
                ranges.add(new Range(range.from, range.from + taken));
            }
            wanted -= taken;
        }
        return ranges;
    }

    /**
     * After a round in which every worker visited its next {@code count} positions. What a worker that is {@code missing}
     * should have visited stays to be done: all that remains is partitioned anew.
     */
    public SamplerState after(long count, Set<Integer> missing) {
        List<List<Range>> rest = new ArrayList<>();
        for (int worker = 0; worker < parts.size(); worker++) {
            rest.add(without(parts.get(worker), missing.contains(worker) ? 0 : count));
        }
        SamplerState left = new SamplerState(epoch, examples, rest);
        return missing.isEmpty() ? left : left.repartition(parts.size());
    }

    private static List<Range> without(List<Range> part, long count) {
        List<Range> rest = new ArrayList<>();
        long gone = count;
        for (Range range : part) {
            long taken = Math.min(gone, range.length());
            if (taken < range.length()) {
                rest.add(new Range(range.from + taken, range.to));
            }
            gone -= taken;
        }
        return rest;
    }

    /** The same work, partitioned among so many workers in parts that are equal to within one example. */
    public SamplerState repartition(int workers) {
        SamplerState one = new SamplerState(epoch, examples, List.of(joined()));
        long left = one.remaining();
        List<List<Range>> partitioned = new ArrayList<>();
        for (int worker = 0; worker < workers; worker++) {
            long share = left * (worker + 1) / workers - left * worker / workers;
            partitioned.add(one.next(0, share));
            one = one.after(share, Set.of());
        }
        return new SamplerState(epoch, examples, partitioned);
    }

    /** All ranges in order; those that touch are one. */
    private List<Range> joined() {
        List<Range> joined = new ArrayList<>();
        parts.stream()
                .flatMap(Collection::stream)
                .sorted(Comparator.comparingLong(Range::from))
                .forEach(range -> {
                    int last = joined.size() - 1;
                    if (last >= 0 && joined.get(last).to == range.from) {
                        joined.set(last, new Range(joined.get(last).from, range.to));
                    } else {
                        joined.add(range);
                    }
                });
        return joined;
    }

    private static long length(List<Range> part) {
        return part.stream().mapToLong(Range::length).sum();
    }
}
