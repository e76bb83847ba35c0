package io.resnetspark.data.image;

/**
 * A part of a picture, and as what it is seen.
 *
 * @param box in the picture's pixels
 * @param width of what is seen, in pixels
 * @param height of what is seen, in pixels
 * @param flipped whether left and right are exchanged
 * @param cropFirst whether the part is cut out before it is scaled: then pixels beyond its edges are not looked at, else a
 *     little
 */
public record CropRegion(Box box, int width, int height, boolean flipped, boolean cropFirst) {
    public CropRegion(Box box, int width, int height, boolean flipped) {
        this(box, width, height, flipped, false);
    }

    /** All of a picture, as it is. */
    public static CropRegion whole(Image image) {
        return new CropRegion(Box.whole(image), image.width(), image.height(), false);
    }

    /** All of a picture, with a shorter side of this many pixels: torchvision's {@code Resize}. */
    public static CropRegion resized(Image image, int pixels) {
        int width = Math.toIntExact(image.scaledLength(image.width(), pixels));
        int height = Math.toIntExact(image.scaledLength(image.height(), pixels));
        return new CropRegion(Box.whole(image), width, height, false);
    }

    /**
     * A square at x, y of a picture whose shorter side is scaled to {@code shorter} pixels; without scaling the whole, since
     * a long strip may be huge.
     */
    static CropRegion square(Image image, int shorter, long x, long y, int side) {
        double across = (double) image.width() / image.scaledLength(image.width(), shorter);
        double down = (double) image.height() / image.scaledLength(image.height(), shorter);
        return new CropRegion(new Box(x * across, y * down, side * across, side * down), side, side, false);
    }

    /** The same with left and right exchanged. */
    CropRegion flip() {
        return new CropRegion(box, width, height, !flipped, cropFirst);
    }

    /** The same for a picture with fewer columns and rows. */
    CropRegion subsampled(int columns, int rows) {
        Box fewer = new Box(box.x() / columns, box.y() / rows, box.width() / columns, box.height() / rows);
        return new CropRegion(fewer, width, height, flipped, cropFirst);
    }

    /** How columns are scaled, of a picture that has so many. */
    ResampleWeights horizontalWeights(int columns) {
        ResampleWeights weights =
                ResampleWeights.bilinear(box.x(), box.width(), firstColumn(), endColumn(columns), width);
        return flipped ? weights.flipped() : weights;
    }

    /** How rows are scaled, of a picture that has so many. */
    ResampleWeights verticalWeights(int rows) {
        return ResampleWeights.bilinear(box.y(), box.height(), firstRow(), endRow(rows), height);
    }

    /** The first of the rows that may be looked at. */
    int firstRow() {
        return first(box.y(), box.height(), height);
    }

    /** The row behind the last one of {@code rows} that may be looked at. */
    int endRow(int rows) {
        return end(box.y(), box.height(), height, rows);
    }

    /** The first of the columns that may be looked at. */
    int firstColumn() {
        return first(box.x(), box.width(), width);
    }

    /** The column behind the last one of {@code columns} that may be looked at. */
    int endColumn(int columns) {
        return end(box.x(), box.width(), width, columns);
    }

    private int first(double start, double length, int outputs) {
        return Math.max(0, (int) Math.floor(start - support(length, outputs)));
    }

    private int end(double start, double length, int outputs, int inputs) {
        return Math.min(inputs, (int) Math.ceil(start + length + support(length, outputs)));
    }

    /** How far the triangle of {@link ResampleWeights} reaches beyond the part, and a little more. */
    private double support(double length, int outputs) {
        return cropFirst ? 0 : Math.max(1, length / outputs) + 1;
    }
}
