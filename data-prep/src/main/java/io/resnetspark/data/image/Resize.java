package io.resnetspark.data.image;

/**
 * Bilinear scaling with a triangle that widens as the picture shrinks, so that nothing aliases: the filter of PIL's
 * {@code resize(size, BILINEAR, box)}, which torchvision uses.
 */
public final class Resize {
    private Resize() {}

    /** Scales a part of a picture, without making the whole of it first. */
    public static Image bilinear(Image image, Box box, int width, int height) {
        Taps across = Taps.of(box.x(), box.width(), image.width(), width);
        Taps down = Taps.of(box.y(), box.height(), image.height(), height);
        int firstRow = down.first[0];
        int rows = down.first[height - 1] + down.count[height - 1] - firstRow;
        byte[] scaledAcross = new byte[3 * rows * width];
        for (int y = 0; y < rows; y++) {
            int row = 3 * image.width() * (firstRow + y);
            for (int x = 0; x < width; x++) {
                sum(image.rgb(), row + 3 * across.first[x], 3, across, x, scaledAcross, 3 * (y * width + x));
            }
        }
        byte[] scaled = new byte[3 * height * width];
        for (int y = 0; y < height; y++) {
            int row = 3 * width * (down.first[y] - firstRow);
            for (int x = 0; x < width; x++) {
                sum(scaledAcross, row + 3 * x, 3 * width, down, y, scaled, 3 * (y * width + x));
            }
        }
        return new Image(height, width, scaled);
    }

    /** Scales the whole picture so that its shorter side has this many pixels. */
    public static Image shorterSide(Image image, int pixels) {
        return bilinear(
                image,
                Box.whole(image),
                Math.toIntExact(scaled(image.width(), image, pixels)),
                Math.toIntExact(scaled(image.height(), image, pixels)));
    }

    /** What a length of the picture becomes when its shorter side is scaled to this many pixels. */
    static long scaled(int length, Image image, int shorterSide) {
        return Math.round((double) length * shorterSide / image.shorterSide());
    }

    /** One output pixel: three weighted sums along a row or a column. */
    private static void sum(byte[] from, int start, int step, Taps taps, int position, byte[] to, int at) {
        float red = 0.5f;
        float green = 0.5f;
        float blue = 0.5f;
        int weight = position * taps.most;
        for (int i = start, end = start + step * taps.count[position]; i < end; i += step) {
            float w = taps.weights[weight++];
            red += w * (from[i] & 0xff);
            green += w * (from[i + 1] & 0xff);
            blue += w * (from[i + 2] & 0xff);
        }
        to[at] = (byte) red;
        to[at + 1] = (byte) green;
        to[at + 2] = (byte) blue;
    }

    /** For each output position: its first input, how many, and their weights, which sum to one. */
    private static final class Taps {
        private final int[] first;
        private final int[] count;
        private final float[] weights;
        private final int most;

        private Taps(int outputs, int most) {
            this.first = new int[outputs];
            this.count = new int[outputs];
            this.weights = new float[outputs * most];
            this.most = most;
        }

        static Taps of(double start, double length, int inputs, int outputs) {
            double scale = length / outputs;
            double support = Math.max(scale, 1);
            Taps taps = new Taps(outputs, (int) Math.ceil(support) * 2 + 1);
            for (int o = 0; o < outputs; o++) {
                double centre = start + (o + 0.5) * scale;
                int first = Math.max(0, (int) (centre - support + 0.5));
                int last = Math.min(inputs, (int) (centre + support + 0.5));
                double sum = 0;
                for (int i = first; i < last; i++) {
                    sum += triangle((i - centre + 0.5) / support);
                }
                for (int i = first; i < last; i++) {
                    taps.weights[o * taps.most + i - first] = (float) (triangle((i - centre + 0.5) / support) / sum);
                }
                taps.first[o] = first;
                taps.count[o] = last - first;
            }
            return taps;
        }

        private static double triangle(double x) {
            return Math.max(0, 1 - Math.abs(x));
        }
    }
}
