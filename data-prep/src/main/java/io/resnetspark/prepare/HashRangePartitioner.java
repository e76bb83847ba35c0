package io.resnetspark.prepare;

import org.apache.spark.Partitioner;

/** Partitions by equal ranges of a hash. Sorted by hash, classes are mixed within and across partitions. */
final class HashRangePartitioner extends Partitioner {
    private static final long serialVersionUID = 1;

    private final int partitions;

    HashRangePartitioner(int partitions) {
        this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
        return partitions;
    }

    @Override
    public int getPartition(Object hash) {
        return (int) Math.multiplyHigh((Long) hash >>> 1, 2L * partitions);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HashRangePartitioner that && partitions == that.partitions;
    }

    @Override
    public int hashCode() {
        return partitions;
    }
}
