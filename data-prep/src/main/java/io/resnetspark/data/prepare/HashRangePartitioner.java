package io.resnetspark.data.prepare;

import org.apache.spark.Partitioner;

/** Equal ranges of a hash: the order within and over the partitions is that of the hash, so classes are mixed. */
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
