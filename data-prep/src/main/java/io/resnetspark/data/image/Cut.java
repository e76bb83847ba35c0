package io.resnetspark.data.image;

/**
 * A part of a picture, and as what it is seen.
 *
 * @param box in the picture's pixels
 * @param width of what is seen, in pixels
 * @param height of what is seen, in pixels
 * @param mirrored whether left and right are exchanged
 */
public record Cut(Box box, int width, int height, boolean mirrored) {
    /** All of a picture, as it is. */
    public static Cut whole(Picture picture) {
        return new Cut(Box.whole(picture), picture.width(), picture.height(), false);
    }

    /** All of a picture, with a shorter side of this many pixels. */
    public static Cut shorterSide(Picture picture, int pixels) {
        int width = Math.toIntExact(picture.scaled(picture.width(), pixels));
        int height = Math.toIntExact(picture.scaled(picture.height(), pixels));
        return new Cut(Box.whole(picture), width, height, false);
    }

    /** The same for a picture with fewer columns and rows. */
    Cut of(int columns, int rows) {
        Box fewer = new Box(box.x() / columns, box.y() / rows, box.width() / columns, box.height() / rows);
        return new Cut(fewer, width, height, mirrored);
    }

    /** The first of the rows that are looked at. */
    int firstRow() {
        return first(box.y(), box.height(), height);
    }

    /** The row behind the last one of {@code rows} that is looked at. */
    int endRow(int rows) {
        return end(box.y(), box.height(), height, rows);
    }

    /** The first of the columns that are looked at. */
    int firstColumn() {
        return first(box.x(), box.width(), width);
    }

    /** The column behind the last one of {@code columns} that is looked at. */
    int endColumn(int columns) {
        return end(box.x(), box.width(), width, columns);
    }

    private static int first(double start, double length, int outputs) {
        return Math.max(0, (int) (start - reach(length, outputs)));
    }

    private static int end(double start, double length, int outputs, int inputs) {
        return Math.min(inputs, (int) Math.ceil(start + length + reach(length, outputs)));
    }

    /** How far the triangle of {@link Taps} reaches, and a little more. */
    private static double reach(double length, int outputs) {
        return Math.max(1, length / outputs) + 1;
    }
}
