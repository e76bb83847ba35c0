package io.resnetspark.input;

/**
 * Shifts the planes of a crop after normalization; the border is filled with zeros.
 *
 * @param right columns that the result's left edge lies further right; negative for left
 * @param down rows that its upper edge lies further down
 * @param flipped whether the planes are flipped horizontally first
 */
public record Translation(int right, int down, boolean flipped) {
    public static final Translation NONE = new Translation(0, 0, false);

    /** @param planes red, green and blue, each side x side */
    void apply(float[] planes, int side) {
        if (equals(NONE)) {
            return;
        }
        float[] before = planes.clone();
        for (int row = 0, to = 0; row < 3 * side; row++) {
            int y = row % side + down;
            for (int column = 0; column < side; column++) {
                int x = (flipped ? side - 1 - column : column) + right;
                boolean inside = x >= 0 && x < side && y >= 0 && y < side;
                planes[to++] = inside ? before[(row + down) * side + x] : 0;
            }
        }
    }
}
