package io.resnetspark.model.cuda;

/** How many blocks of how many threads run a kernel. */
record Grid(int blocksAcross, int blocksDown, int threadsAcross, int threadsDown) {
    private static final int BLOCK = 256;

    /** A thread for each of so many things. */
    static Grid of(long things) {
        return new Grid(Math.toIntExact((things + BLOCK - 1) / BLOCK), 1, BLOCK, 1);
    }
}
