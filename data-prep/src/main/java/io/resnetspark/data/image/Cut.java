package io.resnetspark.data.image;

/**
 * A part of a picture, and as what it is seen.
 *
 * @param box in the picture's pixels
 * @param width of what is seen, in pixels
 * @param height of what is seen, in pixels
 * @param mirrored whether left and right are exchanged
 * @param apart whether the part is cut out before it is scaled: then pixels beyond its edges are not looked at, else a
 *     little
 */
public record Cut(Box box, int width, int height, boolean mirrored, boolean apart) {
    public Cut(Box box, int width, int height, boolean mirrored) {
        this(box, width, height, mirrored, false);
    }

    /** All of a picture, as it is. */
    public static Cut whole(Picture picture) {
        return new Cut(Box.whole(picture), picture.width(), picture.height(), false);
    }

    /** All of a picture, with a shorter side of this many pixels: torchvision's {@code Resize}. */
    public static Cut shorterSide(Picture picture, int pixels) {
        int width = Math.toIntExact(picture.scaled(picture.width(), pixels));
        int height = Math.toIntExact(picture.scaled(picture.height(), pixels));
        return new Cut(Box.whole(picture), width, height, false);
    }

    /**
     * A square at x, y of a picture whose shorter side is scaled to {@code shorter} pixels; without scaling the whole, since
     * a long strip may be huge.
     */
    static Cut square(Picture picture, int shorter, long x, long y, int side) {
        double across = (double) picture.width() / picture.scaled(picture.width(), shorter);
        double down = (double) picture.height() / picture.scaled(picture.height(), shorter);
        return new Cut(new Box(x * across, y * down, side * across, side * down), side, side, false);
    }

    /** The same with left and right exchanged. */
    Cut mirror() {
        return new Cut(box, width, height, !mirrored, apart);
    }

    /** The same for a picture with fewer columns and rows. */
    Cut of(int columns, int rows) {
        Box fewer = new Box(box.x() / columns, box.y() / rows, box.width() / columns, box.height() / rows);
        return new Cut(fewer, width, height, mirrored, apart);
    }

    /** How columns are scaled, of a picture that has so many. */
    Taps across(int columns) {
        Taps taps = Taps.of(box.x(), box.width(), firstColumn(), endColumn(columns), width);
        return mirrored ? taps.mirrored() : taps;
    }

    /** How rows are scaled, of a picture that has so many. */
    Taps down(int rows) {
        return Taps.of(box.y(), box.height(), firstRow(), endRow(rows), height);
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
        return Math.max(0, (int) Math.floor(start - reach(length, outputs)));
    }

    private int end(double start, double length, int outputs, int inputs) {
        return Math.min(inputs, (int) Math.ceil(start + length + reach(length, outputs)));
    }

    /** How far the triangle of {@link Taps} reaches beyond the part, and a little more. */
    private double reach(double length, int outputs) {
        return apart ? 0 : Math.max(1, length / outputs) + 1;
    }
}
