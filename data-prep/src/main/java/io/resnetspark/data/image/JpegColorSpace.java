package io.resnetspark.data.image;

/** What the components of a JPEG are, and how they become red, green and blue: as libjpeg and PIL have it. */
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

    /** Stored the other way round, as Adobe does it: 0 is all ink. */
    CMYK(4) {
        @Override
        void toRgb(int[] samples, int at, byte[] rgb, int to) {
            int key = samples[at + 3];
            rgb[to] = (byte) withKey(samples[at], key);
            rgb[to + 1] = (byte) withKey(samples[at + 1], key);
            rgb[to + 2] = (byte) withKey(samples[at + 2], key);
        }
    },

    /** CMY taken for the opposite of red, green and blue, and stored as these are. */
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

    /** Writes a pixel of three bytes; {@code samples} has the components of it, from {@code at} on. */
    abstract void toRgb(int[] samples, int at, byte[] rgb, int to);

    int components() {
        return components;
    }

    /**
     * What libjpeg takes the components for (jdapimin.c, default_decompress_parms); null for what nobody knows.
     *
     * @param jfif whether the file says that it keeps to JFIF
     * @param transform what Adobe's segment says, -1 where there is none
     * @param names of the components
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

    /** The part of a light that the black ink lets through. */
    private static int withKey(int light, int key) {
        return (light * key + 127) / 255;
    }
}
