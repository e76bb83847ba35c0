package io.resnetspark.model.cuda;

/** How many blocks of how many threads run a kernel. */
record Grid(int blocksAcross, int blocksDown, int threadsAcross, int threadsDown) {
    private static final int BLOCK = 256;
    private static final int WARP = 32;

    /** A thread for each of so many things. */
    static Grid of(long things) {
        return new Grid(Math.toIntExact((things + BLOCK - 1) / BLOCK), 1, BLOCK, 1);
    }

    /** A thread for each of so many things of each of so many rows; a block is of one row. */
    static Grid ofRows(long rows, int things) {
        int threads = Math.min(BLOCK, (things + WARP - 1) / WARP * WARP);
        return new Grid(Math.toIntExact(rows), (things + threads - 1) / threads, threads, 1);
    }
}
