package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * How contributions are cut, so that each slice is averaged by a task of its own: then nobody, the driver included, ever
 * receives more than one state, however many workers there are. Of a few workers the driver averages the slices itself,
 * which spares a stage. The last slice is that of the reports.
 */
record Slicing(int parameters, int velocity, List<Slice> slices) implements Serializable {
    /** Whose contributions the driver takes: with more, it would become what all wait for. */
    static final int FEW_WORKERS = 3;

    /** Most values in a slice: 16 MiB of float32. */
    private static final int LARGEST = 1 << 22;

    /** Elements {@code [from, to)} of the parameters, or of the velocity. */
    record Slice(boolean velocity, int from, int to) implements Serializable {}

    /** At least as many slices as there are workers, so that all take part. */
    static Slicing of(TrainingState state) {
        int parameters = state.parameters().length;
        int velocity = state.velocity().length;
        int workers = state.work().parts().size();
        long share = ((long) parameters + velocity + workers - 1) / workers;
        int length = (int) Math.max(1, Math.min(LARGEST, share));
        List<Slice> slices = new ArrayList<>();
        for (int from = 0; from < parameters; from += length) {
            slices.add(new Slice(false, from, Math.min(parameters, from + length)));
        }
        for (int from = 0; from < velocity; from += length) {
            slices.add(new Slice(true, from, Math.min(velocity, from + length)));
        }
        return new Slicing(parameters, velocity, List.copyOf(slices));
    }

    Mean mean(Presence presence) {
        return presence.workers() <= FEW_WORKERS ? onDriver(presence.take()) : onExecutors(presence.contributions());
    }

    Mean onDriver(List<Contribution> contributions) {
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

    /** A stage that cuts, and one that adds up. */
    Mean onExecutors(JavaRDD<Contribution> contributions) {
        JavaPairRDD<Integer, List<Piece>> pieces = contributions
                .flatMapToPair(this::pieces)
                .combineByKey(
                        Slicing::first,
                        Slicing::and,
                        Slicing::both,
                        new HashPartitioner(slices.size() + 1),
                        false,
                        new BufferedSerializer());
        try {
            return joined(pieces.map(group -> mean(group._1, new Pieces(group._2)))
                    .setName("mean of a slice")
                    .collect());
        } finally {
            // Otherwise the files, a state from each worker, would lie there until the driver collects garbage.
            pieces.rdd().cleanShuffleDependencies(false);
        }
    }

    private SliceMean mean(int number, Pieces pieces) {
        if (number == slices.size()) {
            return new SliceMean(number, FloatBlock.of(), pieces.reports(), pieces.meanMoments());
        }
        Slice slice = slices.get(number);
        float[] mean = new float[slice.to - slice.from];
        pieces.mean(mean, 0);
        return new SliceMean(number, FloatBlock.of(mean), List.of(), new double[0]);
    }

    private Mean joined(List<SliceMean> means) {
        float[] meanParameters = new float[parameters];
        float[] meanVelocity = new float[velocity];
        SliceMean reports = null;
        for (SliceMean mean : means) {
            if (mean.slice() == slices.size()) {
                reports = mean;
            } else {
                Slice slice = slices.get(mean.slice());
                float[] target = slice.velocity ? meanVelocity : meanParameters;
                System.arraycopy(mean.values().array(), 0, target, slice.from, slice.to - slice.from);
            }
        }
        return new Mean(meanParameters, meanVelocity, reports.reports(), reports.moments());
    }

    private static List<Piece> first(Piece piece) {
        return and(new ArrayList<>(), piece);
    }

    private static List<Piece> and(List<Piece> pieces, Piece another) {
        pieces.add(another);
        return pieces;
    }

    private static List<Piece> both(List<Piece> some, List<Piece> others) {
        some.addAll(others);
        return some;
    }

    private Iterator<Tuple2<Integer, Piece>> pieces(Contribution contribution) {
        return IntStream.rangeClosed(0, slices.size())
                .boxed()
                .flatMap(i -> piece(i, contribution).map(piece -> new Tuple2<>(i, piece)))
                .iterator();
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
