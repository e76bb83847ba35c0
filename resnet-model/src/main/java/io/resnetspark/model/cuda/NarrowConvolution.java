package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.Convolver.Use;
import java.util.stream.IntStream;

/**
 * A 3x3 convolution between few channels, by the kernels of convolution.cu: how it is cut into tiles and blocks.
 *
 * <p>The sums are added up in an order that follows from the shape and the number of multiprocessors alone.
 */
final class NarrowConvolution {
    private static final int WARP = 32;

    /** As the kernels have them: a tile in shared memory, and what a product takes of a row. */
    private static final int TILE_BYTES = 24_576;

    private static final int STEP_BYTES = 32;
    private static final int TAPS = 9;
    private static final int WEIGHT_WARPS = 4;

    /** Blocks of a multiprocessor: what registers and shared memory allow. */
    private static final int RESIDENT = 4;

    /** What a tile costs beside its pixels, in pixels: its threads wait for each other at its begin and end. */
    private static final int TILE_COST = 32;

    /** Parts in which the second stage of a weight gradient adds up, and from how many sums on it takes the most. */
    private static final int FEW_PARTS = 8;

    private static final int MANY_PARTS = 32;
    private static final int MANY_SUMS = 128;

    private final Use use;
    private final ConvolutionShape shape;
    private final int elementBytes;
    private final int multiprocessors;
    private final Module kernels;
    private final int rows;

    /**
     * @param use of those that are {@link #serves served}
     * @param kernels null where nothing is to be run
     */
    NarrowConvolution(Use use, Precision precision, int multiprocessors, Module kernels) {
        this.use = use;
        this.shape = use.shape();
        this.elementBytes = precision.bytes();
        this.multiprocessors = multiprocessors;
        this.kernels = kernels;
        this.rows = cheapestRows();
    }

    /** On a GPU that {@link Device#serves} the number format, which is one of tensor cores. */
    static boolean serves(ConvolutionShape s, Precision precision) {
        boolean narrow =
                s.channels() == s.outputs() && (s.channels() == 16 || s.channels() == 32 || s.channels() == 64);
        return precision != Precision.FLOAT32
                && narrow
                && s.kernel() == 3
                && s.stride() == 1
                && s.padding() == 1
                && inputTileBytes(s, precision.bytes(), 1) <= TILE_BYTES
                && gradientTileBytes(s, precision.bytes(), 1) <= TILE_BYTES;
    }

    /** Of so many rows and their border, 16 bytes behind each pixel. */
    private static int inputTileBytes(ConvolutionShape s, int elementBytes, int rows) {
        return (rows + 2) * (s.width() + 2) * (s.channels() * elementBytes + 16);
    }

    /** Of a slice of the output's gradient, up to a multiple of what a product takes, and one of the input. */
    private static int gradientTileBytes(ConvolutionShape s, int elementBytes, int rows) {
        boolean single = s.channels() == 16;
        int gap = 8 * elementBytes; // between pixels: other banks
        int outputs = (single ? 16 : 32) * elementBytes + gap;
        int inputs = single ? 16 * elementBytes + gap : 8 * elementBytes;
        int atOnce = STEP_BYTES / elementBytes;
        int pixels = (rows * s.width() + atOnce - 1) / atOnce * atOnce;
        return pixels * outputs + (rows + 2) * (s.width() + 2) * inputs;
    }

    private boolean isOfWeights() {
        return use.direction() == Direction.BACKWARD_FILTER;
    }

    private int tileBytes(int tileRows) {
        return isOfWeights()
                ? gradientTileBytes(shape, elementBytes, tileRows)
                : inputTileBytes(shape, elementBytes, tileRows);
    }

    private int strips(int tileRows) {
        return (shape.height() + tileRows - 1) / tileRows;
    }

    private int tiles() {
        return shape.batch() * strips(rows);
    }

    /** Rows of a tile: few make many borders, many leave multiprocessors idle. */
    private int cheapestRows() {
        int most = IntStream.rangeClosed(1, shape.height())
                .filter(n -> tileBytes(n) <= TILE_BYTES)
                .max()
                .orElseThrow();
        int best = 1;
        long least = Long.MAX_VALUE;
        for (int n = 1; n <= most; n++) {
            long cost = cost(n);
            if (cost < least) {
                least = cost;
                best = n;
            }
        }
        return best;
    }

    /** Of the busiest multiprocessor, in pixels that are read or multiplied. */
    private long cost(int tileRows) {
        int step = isOfWeights() ? STEP_BYTES / elementBytes * WEIGHT_WARPS : pixelsAtOnce();
        int pixels = (tileRows * shape.width() + step - 1) / step * step;
        long tile = (long) (tileRows + 2) * (shape.width() + 2) + pixels + TILE_COST;
        long all = (long) shape.batch() * strips(tileRows) * slices();
        return (all + multiprocessors - 1) / multiprocessors * tile;
    }

    // The output, and the gradient of the input.

    /** Steps of a product that a tap takes, of 32 bytes of a pixel each. */
    private int steps() {
        return shape.channels() * elementBytes / STEP_BYTES;
    }

    /** Whether the weights of a warp take more registers than four blocks of a multiprocessor leave. */
    private boolean isLarge() {
        return steps() >= 4;
    }

    /** Times 8 channels of the result, for which a warp keeps the weights. */
    private int wide() {
        return steps() < 8 ? 2 : 1;
    }

    private int warps() {
        return Math.max(4, shape.channels() / 8 / wide());
    }

    private int pixelsAtOnce() {
        int together = isLarge() && wide() == 2 ? 4 : 2;
        return 16 * together * (warps() / (shape.channels() / 8 / wide()));
    }

    private Grid grid() {
        int resident = isLarge() ? (wide() == 2 ? 2 : 1) : RESIDENT;
        return new Grid(Math.min(tiles(), resident * multiprocessors), 1, warps() * WARP, 1);
    }

    // The gradient of the weights.

    /** Blocks that have the same pixels and other channels. */
    private int slices() {
        if (!isOfWeights()) {
            return 1;
        }
        return shape.channels() == 16 ? 1 : shape.channels() / 32 * (shape.channels() / 8);
    }

    /** Of the gradient, that a block adds up. */
    private int values() {
        return TAPS * (shape.channels() == 16 ? 16 * 16 : 32 * 8);
    }

    private Grid weightGrid() {
        int across = Math.min(tiles(), Math.max(1, RESIDENT * multiprocessors / slices()));
        return new Grid(across, slices(), WEIGHT_WARPS * WARP, 1);
    }

    private int tilesAtOnce() {
        int each = (tiles() + weightGrid().blocksAcross() - 1) / weightGrid().blocksAcross();
        return Math.min(TILE_BYTES / tileBytes(rows), (each + 1) / 2);
    }

    /** Bytes for the sums of blocks. */
    long workspace() {
        return isOfWeights() ? (long) weightGrid().blocksAcross() * slices() * values() * Float.BYTES : 0;
    }

    /**
     * Puts the kernels into the stream.
     *
     * @param x as of {@link Cudnn#run}, and so the others
     * @param workspace of {@link #workspace()} bytes
     */
    void run(Stream stream, long x, long w, long y, long workspace) {
        switch (use.direction()) {
            case FORWARD -> convolve(stream, "convolve_", x, w, y);
            case BACKWARD_DATA -> convolve(stream, "convolve_back_", y, w, x);
            case BACKWARD_FILTER -> convolveWeights(stream, x, y, w, workspace);
        }
    }

    private void convolve(Stream stream, String kernel, long from, long w, long to) {
        stream.launch(
                kernels.function(kernel + shape.channels()),
                grid(),
                from,
                w,
                to,
                shape.height(),
                shape.width(),
                rows,
                strips(rows),
                tiles());
    }

    private void convolveWeights(Stream stream, long x, long gradient, long w, long sums) {
        Grid grid = weightGrid();
        stream.launch(
                kernels.function("convolve_weights_" + shape.channels()),
                grid,
                x,
                gradient,
                sums,
                shape.height(),
                shape.width(),
                rows,
                strips(rows),
                tiles(),
                tilesAtOnce());
        int parts = grid.blocksAcross() < MANY_SUMS ? FEW_PARTS : MANY_PARTS;
        stream.launch(
                kernels.function("add_weights"),
                new Grid(values() / WARP, slices(), WARP, parts),
                sums,
                w,
                grid.blocksAcross(),
                shape.channels(),
                values());
    }
}
