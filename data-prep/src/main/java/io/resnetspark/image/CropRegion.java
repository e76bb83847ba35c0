package io.resnetspark.image;

/**
 * A region of an image and the size that it is resampled to.
 *
 * @param box in the image's pixels
 * @param width output width, in pixels
 * @param height output height, in pixels
 * @param flipped whether the output is flipped horizontally
 * @param cropFirst whether the region is cropped before it is resampled. If so, pixels outside of it have no influence;
 *     else the filter reads a few of them.
 */
public record CropRegion(Box box, int width, int height, boolean flipped, boolean cropFirst) {
    public CropRegion(Box box, int width, int height, boolean flipped) {
        this(box, width, height, flipped, false);
    }

    /** The whole image at its own size. */
    public static CropRegion whole(Image image) {
        return new CropRegion(Box.whole(image), image.width(), image.height(), false);
    }

    /** The whole image, resized to this shorter side: torchvision's {@code Resize}. */
    public static CropRegion resized(Image image, int pixels) {
        int width = Math.toIntExact(image.scaledLength(image.width(), pixels));
        int height = Math.toIntExact(image.scaledLength(image.height(), pixels));
        return new CropRegion(Box.whole(image), width, height, false);
    }

    /**
     * A square at (x, y) of the image resized to {@code shorter} pixels on its shorter side. The image is never resized
     * as a whole, because a long strip may become huge.
     */
    public static CropRegion square(Image image, int shorter, long x, long y, int side) {
        double across = (double) image.width() / image.scaledLength(image.width(), shorter);
        double down = (double) image.height() / image.scaledLength(image.height(), shorter);
        return new CropRegion(new Box(x * across, y * down, side * across, side * down), side, side, false);
    }

    /**
     * The center square of the image resized to {@code shorter} pixels on its shorter side. Pixel-exact with
     * torchvision's {@code Resize(shorter)} and {@code CenterCrop(side)}.
     */
    public static CropRegion center(Image image, int shorter, int side) {
        long x = centerOffset(image.scaledLength(image.width(), shorter), side);
        long y = centerOffset(image.scaledLength(image.height(), shorter), side);
        return square(image, shorter, x, y, side);
    }

    /**
     * The offset of the center: half of the difference, rounded half to even, as in torchvision's {@code CenterCrop}.
     */
    public static long centerOffset(long length, int side) {
        return (long) Math.rint((length - side) / 2.0);
    }

    /** The same region, flipped horizontally. */
    public CropRegion flip() {
        return new CropRegion(box, width, height, !flipped, cropFirst);
    }

    /** The same region in a plane that is subsampled by these factors. */
    CropRegion subsampled(int columns, int rows) {
        Box fewer = new Box(box.x() / columns, box.y() / rows, box.width() / columns, box.height() / rows);
        return new CropRegion(fewer, width, height, flipped, cropFirst);
    }

    /** The horizontal filter weights for an image with this many columns. */
    ResampleWeights horizontalWeights(int columns) {
        ResampleWeights weights =
                ResampleWeights.bilinear(box.x(), box.width(), firstColumn(), endColumn(columns), width);
        return flipped ? weights.flipped() : weights;
    }

    /** The vertical filter weights for an image with this many rows. */
    ResampleWeights verticalWeights(int rows) {
        return ResampleWeights.bilinear(box.y(), box.height(), firstRow(), endRow(rows), height);
    }

    /** The first row that the filter may read. */
    int firstRow() {
        return first(box.y(), box.height(), height);
    }

    /** The end (exclusive) of the rows that the filter may read, of {@code rows}. */
    int endRow(int rows) {
        return end(box.y(), box.height(), height, rows);
    }

    /** The first column that the filter may read. */
    int firstColumn() {
        return first(box.x(), box.width(), width);
    }

    /** The end (exclusive) of the columns that the filter may read, of {@code columns}. */
    int endColumn(int columns) {
        return end(box.x(), box.width(), width, columns);
    }

    private int first(double start, double length, int outputs) {
        return Math.max(0, (int) Math.floor(start - support(length, outputs)));
    }

    private int end(double start, double length, int outputs, int inputs) {
        return Math.min(inputs, (int) Math.ceil(start + length + support(length, outputs)));
    }

    /** How far the filter of {@link ResampleWeights} reaches outside of the region, rounded up. */
    private double support(double length, int outputs) {
        return cropFirst ? 0 : Math.max(1, length / outputs) + 1;
    }
}
