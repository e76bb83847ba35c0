package io.resnetspark.model.cuda;

/** The launch configuration of a kernel: blocks and threads. */
record Grid(int blocksAcross, int blocksDown, int threadsAcross, int threadsDown) {
    private static final int BLOCK = 256;
    private static final int WARP = 32;

    /** One thread per item. */
    static Grid of(long things) {
        return new Grid(Math.toIntExact((things + BLOCK - 1) / BLOCK), 1, BLOCK, 1);
    }

    /** One thread per item of each row; a block covers one row. */
    static Grid ofRows(long rows, int things) {
        int threads = Math.min(BLOCK, (things + WARP - 1) / WARP * WARP);
        return new Grid(Math.toIntExact(rows), (things + threads - 1) / threads, threads, 1);
    }
}
