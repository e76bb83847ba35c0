package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Request;
import java.util.function.Supplier;

/**
 * A 3x3 convolution of few channels, by the kernels of convolution.cu and weights.cu: its division into tiles and
 * blocks.
 *
 * <p>The order of summation depends only on the shape and the number of multiprocessors.
 */
final class NarrowConvolution {
    private static final int WARP = 32;

    /** Constants of the kernels: bytes of a tile in shared memory, and bytes of a row per product step. */
    private static final int TILE_BYTES = 24_576;

    private static final int STEP_BYTES = 32;
    private static final int TAPS = 9;
    private static final int WARPS = 4;

    /** Supported channels, besides the four of an image. */
    private static final int MIN_CHANNELS = 16;

    private static final int MAX_CHANNELS = 64;

    /** Blocks per multiprocessor that registers and shared memory allow, if a warp keeps few weights or many. */
    private static final int RESIDENT = 4;

    private static final int RESIDENT_LARGE = 2;

    /** Overhead of a tile, in pixels: its threads synchronise at its start and end. */
    private static final int TILE_COST = 32;

    /** Parts of the second stage of a weight gradient, and the number of sums from which on it uses the most. */
    private static final int FEW_PARTS = 8;

    private static final int MANY_PARTS = 32;
    private static final int MANY_SUMS = 128;

    private final ConvolutionShape shape;
    private final Direction direction;
    private final int elementBytes;
    private final int multiprocessors;
    private final Supplier<CudaModule> kernels;
    private final int rows;

    /**
     * @param request one that is {@link #supports supported}
     * @param kernels of {@link KernelSource#CONVOLUTION}, loaded on first use
     */
    NarrowConvolution(Request request, Precision precision, int multiprocessors, Supplier<CudaModule> kernels) {
        this.shape = request.shape();
        this.direction = request.direction();
        this.elementBytes = precision.bytes();
        this.multiprocessors = multiprocessors;
        this.kernels = kernels;
        this.rows = cheapestRows();
    }

    /** For a GPU that {@link Device#supports} the number format; it must be one of tensor cores. */
    static boolean supports(Request request, Precision precision) {
        ConvolutionShape s = request.shape();
        return precision != Precision.FLOAT32
                && s.kernel() == 3
                && s.padding() == 1
                && hasSupportedChannels(request)
                && new NarrowConvolution(request, precision, 1, null).rows > 0;
    }

    private static boolean hasSupportedChannels(Request request) {
        ConvolutionShape s = request.shape();
        if (s.channels() == InputNode.CHANNELS) {
            return s.outputs() == MIN_CHANNELS && s.stride() == 1 && request.direction() != Direction.BACKWARD_DATA;
        }
        boolean few =
                s.channels() >= MIN_CHANNELS && s.outputs() <= MAX_CHANNELS && Integer.bitCount(s.channels()) == 1;
        return few && s.stride() <= 2 && s.outputs() == s.stride() * s.channels();
    }

    // Tiles.

    private boolean isOfWeights() {
        return direction == Direction.BACKWARD_FILTER;
    }

    private boolean isOfInput() {
        return direction == Direction.BACKWARD_DATA;
    }

    /** Height of the tensor that is divided into tiles. */
    private int height() {
        return isOfInput() ? shape.height() : shape.outputHeight();
    }

    private int width() {
        return isOfInput() ? shape.width() : shape.outputWidth();
    }

    /** Pixels in shared memory of the tensor that is read for each tap, with its border. */
    private int readPixels(int tileRows) {
        int readRows = isOfInput() ? tileRows + 2 : (tileRows - 1) * shape.stride() + 3;
        return readRows * (shape.width() + 2);
    }

    private int tileBytes(int tileRows) {
        if (!isOfWeights()) {
            return readPixels(tileRows) * (Math.max(from() * elementBytes, STEP_BYTES) + 16);
        }
        int gap = 8 * elementBytes; // between pixels, to avoid bank conflicts
        int inputs = blockInputs() * elementBytes + (blockInputs() == 8 ? 0 : gap);
        return pixels(tileRows, STEP_BYTES / elementBytes) * (16 * down() * elementBytes + gap)
                + readPixels(tileRows) * inputs;
    }

    /** Pixels of a tile, rounded up to a multiple. */
    private int pixels(int tileRows, int multiple) {
        return (tileRows * width() + multiple - 1) / multiple * multiple;
    }

    private int strips(int tileRows) {
        return (height() + tileRows - 1) / tileRows;
    }

    private int tiles() {
        return shape.batch() * strips(rows);
    }

    /** Rows of a tile: few rows read much border, many rows leave multiprocessors idle; 0 if not even one fits. */
    private int cheapestRows() {
        int cheapest = 0;
        long min = Long.MAX_VALUE;
        for (int n = 1; n <= height() && tileBytes(n) <= TILE_BYTES; n++) {
            long cost = cost(n);
            if (cost < min) {
                min = cost;
                cheapest = n;
            }
        }
        return cheapest;
    }

    /** Cost of the busiest multiprocessor, in pixels read or multiplied. */
    private long cost(int tileRows) {
        int atOnce = isOfWeights() ? STEP_BYTES / elementBytes * WARPS : pixelsAtOnce();
        long tile = (long) readPixels(tileRows) + pixels(tileRows, atOnce) + TILE_COST;
        long all = (long) shape.batch() * strips(tileRows) * slices();
        return (all + multiprocessors - 1) / multiprocessors * tile;
    }

    // Output, and gradient of the input: a product from one set of channels to another.

    private int from() {
        return isOfInput() ? shape.outputs() : shape.channels();
    }

    private int to() {
        return isOfInput() ? shape.channels() : shape.outputs();
    }

    /** Product steps of a tap, of 32 bytes of a pixel each. */
    private int steps() {
        return Math.max(from() * elementBytes / STEP_BYTES, 1);
    }

    /** Whether a warp's weights take more registers than four blocks per multiprocessor leave. */
    private boolean isLarge() {
        return steps() >= 4;
    }

    /** Groups of 8 output channels whose weights a warp keeps. */
    private int channelGroups() {
        return steps() < 8 ? 2 : 1;
    }

    /** Warps with the same pixels and different channels. */
    private int warpsOfPixels() {
        return to() / 8 / channelGroups();
    }

    private int warps() {
        return Math.max(WARPS, warpsOfPixels());
    }

    private int pixelsAtOnce() {
        int together = isLarge() && channelGroups() == 2 ? 4 : 2;
        return 16 * together * (warps() / warpsOfPixels());
    }

    private Grid grid() {
        int resident = isLarge() ? RESIDENT_LARGE * WARPS / warps() : RESIDENT;
        return new Grid(Math.min(tiles(), resident * multiprocessors), 1, warps() * WARP, 1);
    }

    // Gradient of the weights: warps of 16 `down` outputs by 8 `across` inputs, and blocks of `beside` such warps.

    private int down() {
        return shape.outputs() == MIN_CHANNELS ? 1 : 2;
    }

    private int across() {
        return shape.outputs() == MIN_CHANNELS && shape.channels() >= MIN_CHANNELS ? 2 : 1;
    }

    private int beside() {
        return shape.outputs() == MIN_CHANNELS ? 1 : 2;
    }

    private int blockInputs() {
        return 8 * across() * beside();
    }

    /** Blocks with the same pixels and different channels. */
    private int slices() {
        return isOfWeights() ? shape.outputs() / (16 * down()) * Math.max(shape.channels() / blockInputs(), 1) : 1;
    }

    /** Values of the gradient that a warp sums. */
    private int values() {
        return TAPS * 16 * down() * 8 * across();
    }

    private Grid weightGrid() {
        int resident = RESIDENT / beside() * multiprocessors;
        int across = Math.min(tiles(), Math.max(1, resident / slices()));
        return new Grid(across, slices(), beside() * WARPS * WARP, 1);
    }

    /** Tiles that a block loads together: half of its own, or as many as fit. */
    private int tilesAtOnce() {
        int blocks = weightGrid().blocksAcross();
        int each = (tiles() + blocks - 1) / blocks;
        return Math.min(TILE_BYTES / tileBytes(rows), (each + 1) / 2);
    }

    /** Bytes for the partial sums of blocks. */
    long workspace() {
        return isOfWeights() ? (long) weightGrid().blocksAcross() * slices() * beside() * values() * Float.BYTES : 0;
    }

    /**
     * Enqueues the kernels.
     *
     * @param x as of {@link Cudnn#run}, like the others
     * @param workspace of {@link #workspace()} bytes
     */
    void run(Stream stream, long x, long w, long y, long workspace) {
        switch (direction) {
            case FORWARD -> convolve(stream, "convolve", x, w, y);
            case BACKWARD_DATA -> convolve(stream, "convolve_back", y, w, x);
            case BACKWARD_FILTER -> convolveWeights(stream, x, y, w, workspace);
        }
    }

    private Pointer kernel(String name) {
        return kernels.get().function(name + "_" + shape.channels() + "_" + shape.outputs());
    }

    private void convolve(Stream stream, String name, long from, long w, long to) {
        stream.launch(kernel(name), grid(), from, w, to, shape.height(), shape.width(), rows, strips(rows), tiles());
    }

    private void convolveWeights(Stream stream, long x, long gradient, long w, long sums) {
        Grid grid = weightGrid();
        stream.launch(
                kernel("convolve_weights"),
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
                kernel("add_weights"),
                new Grid(values() / WARP, slices() * beside(), WARP, parts),
                sums,
                w,
                grid.blocksAcross());
    }
}
