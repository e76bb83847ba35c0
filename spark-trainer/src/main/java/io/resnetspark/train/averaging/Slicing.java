package io.resnetspark.train.averaging;

import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** How parameters and velocity are cut, for those who send, add up and check a slice at a time. */
record Slicing(int parameters, int velocity, List<Slice> slices) implements Serializable {
    /**
     * Most values in a slice: nearly 2 MiB of float32. Smaller ones cost messages, larger ones leave the cores' caches before
     * they are added up. With what Java puts before an array it is a region of a garbage-first heap of 4 GiB.
     */
    private static final int LARGEST = (1 << 19) - Dtype.GROUP;

    /** Fewer are not worth a message. */
    private static final int SMALLEST = 1 << 12;

    /** Of who has neither. */
    static final Slicing NOTHING = new Slicing(0, 0, List.of());

    /** Elements {@code [from, to)} of the parameters, or of the velocity. */
    record Slice(boolean velocity, int from, int to) implements Serializable {
        int length() {
            return to - from;
        }
    }

    /** As many slices as there are workers or more, so that all take part, unless there is little to cut. */
    static Slicing of(TrainingState state) {
        int parameters = state.parameters().length;
        int velocity = state.velocity().length;
        int workers = state.work().parts().size();
        long share = ((long) parameters + velocity + workers - 1) / workers;
        int length = (int) Math.max(SMALLEST, Math.min(LARGEST, roundedUp(share)));
        List<Slice> slices = new ArrayList<>();
        for (int from = 0; from < parameters; from += length) {
            slices.add(new Slice(false, from, Math.min(parameters, from + length)));
        }
        for (int from = 0; from < velocity; from += length) {
            slices.add(new Slice(true, from, Math.min(velocity, from + length)));
        }
        return new Slicing(parameters, velocity, List.copyOf(slices));
    }

    private static long roundedUp(long length) {
        return (length + Dtype.GROUP - 1) / Dtype.GROUP * Dtype.GROUP;
    }

    /** Elements of the longest slice. */
    int longest() {
        return slices.stream().mapToInt(Slice::length).max().orElse(0);
    }

    /** Of contributions that lie in this process. */
    Mean mean(List<Contribution> contributions) {
        float[] meanParameters = new float[parameters];
        float[] meanVelocity = new float[velocity];
        IntStream.range(0, slices.size()).parallel().forEach(i -> {
            Pieces pieces = pieces(i, contributions);
            Slice slice = slices.get(i);
            pieces.mean(slice.velocity ? meanVelocity : meanParameters, slice.from);
        });
        Pieces reports = pieces(slices.size(), contributions);
        return new Mean(meanParameters, meanVelocity, reports.reports(), reports.meanMoments());
    }

    private Pieces pieces(int slice, List<Contribution> contributions) {
        return new Pieces(contributions.stream()
                .flatMap(contribution -> piece(slice, contribution))
                .toList());
    }

    /** A worker that saw no examples has a report alone. */
    private Stream<Piece> piece(int number, Contribution contribution) {
        if (number == slices.size()) {
            return Stream.of(new Piece(contribution.report(), FloatBlock.of()));
        }
        if (contribution.report().examples() == 0) {
            return Stream.empty();
        }
        Slice slice = slices.get(number);
        FloatBlock values = slice.velocity ? contribution.velocity() : contribution.parameters();
        return Stream.of(new Piece(contribution.report().withoutMoments(), values.slice(slice.from, slice.to)));
    }
}
