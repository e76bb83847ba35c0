package io.resnetspark.model.cuda;

/**
 * How the kernels of normalization.cu divide rows of channels among 256 threads: some groups of channels across, the
 * rest of the threads down the rows.
 *
 * @param groups of a row: channels / 16 bytes
 */
record ThreadLayout(int rows, int groups, int multiprocessors) {
    private static final int THREADS = 256;
    private static final int WARP = 32;

    /** Rows that a thread reads at once. */
    private static final int UNROLLED = 4;

    /** Blocks per multiprocessor: few for reductions, where each leaves partial sums, many for elementwise kernels. */
    private static final int REDUCTION_BLOCKS = 4;

    private static final int ELEMENTWISE_BLOCKS = 16;

    /**
     * The most groups across. A strip's last block adds up the partial sums while the rest of the device waits, and
     * their number grows with the square of this. So it is one cache line: 128 bytes.
     */
    private static final int REDUCTION_MAX_ACROSS = 8;

    private static final int ELEMENTWISE_MAX_ACROSS = WARP;

    static ThreadLayout of(long rows, int channels, int vectorWidth, int multiprocessors) {
        if (channels % vectorWidth != 0) {
            throw new IllegalArgumentException("The GPU's kernels take multiples of " + vectorWidth + " channels, not "
                    + channels + ". Compute this network on the CPU: kernels = onednn.");
        }
        return new ThreadLayout(Math.toIntExact(rows), channels / vectorWidth, multiprocessors);
    }

    private Grid grid(int maxAcross, int blocksPerMultiprocessor) {
        int across = Math.min(maxAcross, Integer.lowestOneBit(groups));
        int down = THREADS / across;
        int strips = groups / across;
        int needed = (rows + UNROLLED * down - 1) / (UNROLLED * down);
        int blocks = Math.max(1, Math.min(needed, blocksPerMultiprocessor * multiprocessors / strips));
        return new Grid(strips, blocks, across, down);
    }

    /** For kernels that sum over rows. */
    Grid reductionGrid() {
        return grid(REDUCTION_MAX_ACROSS, REDUCTION_BLOCKS);
    }

    Grid elementwiseGrid() {
        return grid(ELEMENTWISE_MAX_ACROSS, ELEMENTWISE_BLOCKS);
    }

    /** For this many channels in blocks of 32 x 32 threads. */
    static Grid columns(int channels) {
        return new Grid((channels + WARP - 1) / WARP, 1, WARP, WARP);
    }

    /** Bytes of the partial sums for the last block: two floats of each block for each channel. */
    long sumBytes(int vectorWidth) {
        return 2L * reductionGrid().blocksDown() * groups * vectorWidth * Float.BYTES;
    }
}
