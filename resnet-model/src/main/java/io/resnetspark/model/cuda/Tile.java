package io.resnetspark.model.cuda;

/**
 * How the kernels of normalization.cu divide rows of channels among threads: {@code across} groups of channels beside each
 * other, the rest of 256 threads down the rows.
 *
 * @param groups of a row: channels / 16 bytes
 */
record Tile(int rows, int groups, int across, int multiprocessors) {
    private static final int THREADS = 256;
    private static final int WARP = 32;

    /** Rows that a thread reads at once. */
    private static final int UNROLLED = 4;

    /** Blocks for each multiprocessor: few where each leaves partial sums, many where rows are only passed through. */
    private static final int SUMMING = 4;

    private static final int PASSING = 16;

    static Tile of(long rows, int channels, int lanes, int multiprocessors) {
        if (channels % lanes != 0) {
            throw new IllegalArgumentException("The GPU's kernels take multiples of " + lanes + " channels, not "
                    + channels + ". Compute this network on the CPU with --kernels onednn.");
        }
        int groups = channels / lanes;
        int across = Math.min(WARP, Integer.lowestOneBit(groups));
        return new Tile(Math.toIntExact(rows), groups, across, multiprocessors);
    }

    private int down() {
        return THREADS / across;
    }

    private int strips() {
        return groups / across;
    }

    /** Row blocks that leave partial sums. */
    int summingBlocks() {
        return blocks(SUMMING);
    }

    private int blocks(int perMultiprocessor) {
        int needed = (rows + UNROLLED * down() - 1) / (UNROLLED * down());
        return Math.max(1, Math.min(needed, perMultiprocessor * multiprocessors / strips()));
    }

    Grid summing() {
        return new Grid(summingBlocks(), strips(), across, down());
    }

    Grid passing() {
        return new Grid(blocks(PASSING), strips(), across, down());
    }

    /** Of the kernels that add partial sums up, for so many channels. */
    static Grid finishing(int channels) {
        return new Grid((channels + WARP - 1) / WARP, 1, WARP, WARP);
    }

    /** Bytes of the partial sums. */
    long sumBytes(int lanes) {
        return (long) summingBlocks() * 2 * groups * lanes * Float.BYTES;
    }
}
