package io.resnetspark.image;

/** The color space of a JPEG's components, and its conversion to RGB as libjpeg and PIL do it. */
enum JpegColorSpace {
    GRAY(1) {
        @Override
        void toRgb(int[] samples, int at, byte[] rgb, int to) {
            rgb[to] = (byte) samples[at];
            rgb[to + 1] = (byte) samples[at];
            rgb[to + 2] = (byte) samples[at];
        }
    },

    RGB(3) {
        @Override
        void toRgb(int[] samples, int at, byte[] rgb, int to) {
            rgb[to] = (byte) samples[at];
            rgb[to + 1] = (byte) samples[at + 1];
            rgb[to + 2] = (byte) samples[at + 2];
        }
    },

    YCBCR(3) {
        @Override
        void toRgb(int[] samples, int at, byte[] rgb, int to) {
            float y = samples[at];
            float cb = samples[at + 1] - 128f;
            float cr = samples[at + 2] - 128f;
            rgb[to] = level(y + YCbCrImage.RED * cr);
            rgb[to + 1] = level(y - YCbCrImage.GREEN_OF_BLUE * cb - YCbCrImage.GREEN_OF_RED * cr);
            rgb[to + 2] = level(y + YCbCrImage.BLUE * cb);
        }
    },

    /** Stored inverted, as Adobe does: 0 is full ink. */
    CMYK(4) {
        @Override
        void toRgb(int[] samples, int at, byte[] rgb, int to) {
            int key = samples[at + 3];
            rgb[to] = (byte) withKey(samples[at], key);
            rgb[to + 1] = (byte) withKey(samples[at + 1], key);
            rgb[to + 2] = (byte) withKey(samples[at + 2], key);
        }
    },

    /** Inverted CMY, stored as Y'CbCr, with a separate K. */
    YCCK(4) {
        @Override
        void toRgb(int[] samples, int at, byte[] rgb, int to) {
            YCBCR.toRgb(samples, at, rgb, to);
            for (int i = to; i < to + 3; i++) {
                rgb[i] = (byte) withKey(255 - (rgb[i] & 0xff), samples[at + 3]);
            }
        }
    };

    private static final int NONE = -1;

    private final int components;

    JpegColorSpace(int components) {
        this.components = components;
    }

    /** Converts one pixel; its components start at {@code samples[at]}. */
    abstract void toRgb(int[] samples, int at, byte[] rgb, int to);

    int components() {
        return components;
    }

    /**
     * The color space that libjpeg assumes (jdapimin.c, default_decompress_parms); null if unknown.
     *
     * @param jfif whether the file has a JFIF segment
     * @param transform the value of Adobe's segment, -1 without one
     * @param names the names of the components
     */
    static JpegColorSpace of(boolean jfif, int transform, String names) {
        return switch (names.length()) {
            case 1 -> GRAY;
            case 3 -> {
                boolean plain = transform == 0 || (transform == NONE && names.equals("RGB"));
                yield plain && !jfif ? RGB : YCBCR;
            }
            case 4 -> transform == NONE || transform == 0 ? CMYK : YCCK;
            default -> null;
        };
    }

    private static byte level(float value) {
        return (byte) Math.max(0, Math.min(255, Math.round(value)));
    }

    /** The share of a color that the black ink lets through. */
    private static int withKey(int light, int key) {
        return (light * key + 127) / 255;
    }
}
