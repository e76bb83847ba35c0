package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.Slicing.Slice;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.WorkerReport;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The mean of what workers of other processes bring. Of a few, the driver takes their slices and averages them as they
 * come, which spares a stage. Of more, each slice is averaged by a task: then nobody, the driver included, ever receives
 * more than one state, however many workers there are. Both come to the same bits.
 */
record RemoteMean(Slicing slicing, List<Delivery.Elsewhere> deliveries) implements Serializable {
    /** Whose contributions the driver takes: with more, it would become what all wait for. */
    static final int FEW_WORKERS = 3;

    /** What a task came to, or why not: a task that fails would only be run again, against the same wall. */
    private record Part(List<RawBlocks> means, String lost) implements Serializable {}

    /** The mean, and for how many seconds those who made it waited for bytes. */
    record Gathered(Mean mean, double waiting) {}

    /** @throws LostBlockException if a slice of somebody is not to be had */
    Gathered of(JavaSparkContext spark, long set) {
        return deliveries.size() <= FEW_WORKERS ? onDriver() : onExecutors(spark, set);
    }

    /**
     * What it cost.
     *
     * @param seconds that it took
     * @param waiting of these, for bytes
     */
    Costs costs(double seconds, double waiting) {
        long floats = (long) slicing.parameters() + slicing.velocity();
        long contributed = busy().stream()
                .mapToLong(delivery -> delivery.floats().dtype().bytes(floats))
                .sum();
        boolean few = deliveries.size() <= FEW_WORKERS;
        return new Costs(
                0,
                deliveries.stream()
                        .map(Delivery.Elsewhere::costs)
                        .max(Comparator.comparingDouble(Costs.OfWorker::sum))
                        .orElse(Costs.OfWorker.NONE),
                seconds,
                waiting,
                few ? contributed : contributed + floats * Float.BYTES,
                few ? contributed : floats * Float.BYTES);
    }

    Gathered onDriver() {
        Mean mean = empty();
        double waiting = gatherBusy(all(), () -> {
            Summing summing = new Summing(busy(), slicing.longest());
            return (number, pieces) -> {
                Slice slice = slicing.slices().get(number);
                summing.pieces(slice, pieces)
                        .mean(slice.velocity() ? mean.velocity() : mean.parameters(), slice.from());
            };
        });
        return new Gathered(mean, waiting);
    }

    Gathered onExecutors(JavaSparkContext spark, long set) {
        int tasks = deliveries.size();
        RemoteMean sent = withoutMoments();
        List<Part> parts = spark.parallelize(IntStream.range(0, tasks).boxed().toList(), tasks)
                .map(task -> sent.part(task, tasks, set))
                .setName("mean of some slices")
                .collect();
        parts.stream().filter(part -> !part.lost.isEmpty()).findFirst().ifPresent(part -> {
            throw new LostBlockException(part.lost);
        });
        Mean mean = empty();
        Gathering means = new Gathering(slicing, slice -> parts.get(slice % tasks).means, 1);
        double waiting = means.each(all(), () -> (number, pieces) -> {
            Slice slice = slicing.slices().get(number);
            pieces.get(0).into(slice.velocity() ? mean.velocity() : mean.parameters(), slice.from());
        });
        return new Gathered(mean, waiting);
    }

    /** The driver averages them. */
    private RemoteMean withoutMoments() {
        return new RemoteMean(
                slicing,
                deliveries.stream().map(Delivery.Elsewhere::withoutMoments).toList());
    }

    /** Every {@code tasks}-th slice, on an executor. */
    private Part part(int task, int tasks, long set) {
        String name = "mean" + TaskContext.get().taskAttemptId();
        int[] checksums = new int[slicing.slices().size()];
        List<Integer> slices =
                all().stream().filter(slice -> slice % tasks == task).toList();
        try {
            gatherBusy(slices, () -> {
                Summing summing = new Summing(busy(), slicing.longest());
                float[] mean = new float[slicing.longest()];
                return (number, pieces) -> {
                    Slice slice = slicing.slices().get(number);
                    summing.pieces(slice, pieces).mean(mean, 0);
                    checksums[number] =
                            RawBlocks.put(set, name, number, FloatBlock.of(mean).slice(0, slice.length()));
                };
            });
        } catch (LostBlockException lost) {
            return new Part(List.of(), lost.getMessage());
        }
        return new Part(List.of(new RawBlocks(RawBlocks.here(), set, name, Dtype.FLOAT32, checksums)), "");
    }

    private double gatherBusy(List<Integer> slices, Supplier<Gathering.Work> work) {
        List<RawBlocks> floats = busy().stream().map(Delivery.Elsewhere::floats).toList();
        return new Gathering(slicing, any -> floats, floats.size()).each(slices, work);
    }

    /** A worker that saw no examples has a report alone. */
    private List<Delivery.Elsewhere> busy() {
        return deliveries.stream()
                .filter(delivery -> delivery.report().examples() > 0)
                .toList();
    }

    private List<Integer> all() {
        return IntStream.range(0, slicing.slices().size()).boxed().toList();
    }

    /** But for reports and moments. */
    private Mean empty() {
        Pieces reports = new Pieces(deliveries.stream()
                .map(delivery -> new Piece(delivery.report(), FloatBlock.of()))
                .toList());
        return new Mean(
                new float[slicing.parameters()],
                new float[slicing.velocity()],
                reports.reports(),
                reports.meanMoments());
    }

    /** A thread's room for a slice of each worker. */
    private static final class Summing {
        private final List<WorkerReport> reports;
        private final List<float[]> room;

        Summing(List<Delivery.Elsewhere> busy, int longest) {
            this.reports = busy.stream()
                    .map(delivery -> delivery.report().withoutMoments())
                    .toList();
            this.room = busy.stream().map(any -> new float[longest]).toList();
        }

        /** Waits for what is on its way. */
        Pieces pieces(Slice slice, List<Arrival> arriving) throws InterruptedException {
            List<Piece> pieces = new ArrayList<>();
            for (int i = 0; i < arriving.size(); i++) {
                arriving.get(i).into(room.get(i), 0);
                pieces.add(new Piece(reports.get(i), FloatBlock.of(room.get(i)).slice(0, slice.length())));
            }
            return new Pieces(pieces);
        }
    }
}
