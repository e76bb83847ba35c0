package io.resnetspark.model.cuda;

/**
 * How the kernels of normalization.cu divide rows of channels among threads: some groups of channels beside each other, the
 * rest of 256 threads down the rows.
 *
 * @param groups of a row: channels / 16 bytes
 */
record ThreadLayout(int rows, int groups, int multiprocessors) {
    private static final int THREADS = 256;
    private static final int WARP = 32;

    /** Rows that a thread reads at once. */
    private static final int UNROLLED = 4;

    /** Blocks for each multiprocessor: few where each leaves partial sums, many where rows are only passed through. */
    private static final int REDUCTION_BLOCKS = 4;

    private static final int ELEMENTWISE_BLOCKS = 16;

    /**
     * Groups beside each other, at most. A strip's last block adds its partial sums up while the rest of the device waits,
     * and their number grows with the square of this. So it is a line of the cache: 128 bytes, of a row as of sums.
     */
    private static final int REDUCTION_MAX_ACROSS = 8;

    private static final int ELEMENTWISE_MAX_ACROSS = WARP;

    static ThreadLayout of(long rows, int channels, int vectorWidth, int multiprocessors) {
        if (channels % vectorWidth != 0) {
            throw new IllegalArgumentException("The GPU's kernels take multiples of " + vectorWidth + " channels, not "
                    + channels + ". Compute this network on the CPU with --kernels onednn.");
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

    /** Of kernels that add up over the rows. */
    Grid reductionGrid() {
        return grid(REDUCTION_MAX_ACROSS, REDUCTION_BLOCKS);
    }

    Grid elementwiseGrid() {
        return grid(ELEMENTWISE_MAX_ACROSS, ELEMENTWISE_BLOCKS);
    }

    /** For so many channels in blocks of 32 x 32 threads. */
    static Grid columns(int channels) {
        return new Grid((channels + WARP - 1) / WARP, 1, WARP, WARP);
    }

    /** Bytes of the partial sums that blocks leave to the last one: two floats of each for each channel. */
    long sumBytes(int vectorWidth) {
        return 2L * reductionGrid().blocksDown() * groups * vectorWidth * Float.BYTES;
    }
}
