package io.resnetspark.data.prepare;

import io.resnetspark.data.SourceImage;
import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Cut;
import io.resnetspark.data.image.Picture;
import io.resnetspark.data.image.Samples;
import io.resnetspark.data.shard.Example;
import io.resnetspark.storage.Digests;

/**
 * A look at one picture: decoded once, perhaps scaled down, or set aside with a reason.
 *
 * @param picture as found; null if it is bad
 * @param samples all of it; null if it is bad
 */
record Inspection(Checked checked, Picture picture, Samples samples) {
    /** Of pictures that are scaled down: far above what the eye or a network notices. */
    private static final float JPEG_QUALITY = 0.95f;

    /** Of a side, in pixels: what libjpeg writes. */
    private static final int LONGEST_JPEG = 65_500;

    static Inspection of(SourceImage found, PrepareSettings settings) {
        String digest = Digests.of(found.bytes());
        try {
            if (found.reason() != null) {
                throw new BadImageException(found.reason());
            }
            Picture picture = Codec.open(found.bytes(), settings.limits());
            Samples samples = picture.samples(Cut.whole(picture));
            Cut kept = Cut.whole(picture);
            byte[] bytes = found.bytes();
            if (!settings.keepOriginal() && picture.shorterSide() > settings.shorterSide()) {
                Cut smaller = Cut.shorterSide(picture, settings.shorterSide());
                if (Math.max(smaller.width(), smaller.height()) <= LONGEST_JPEG) {
                    kept = smaller;
                    bytes = Codec.jpeg(samples.image(kept), JPEG_QUALITY);
                }
            }
            Example example = new Example(found.key(), found.label(), bytes, kept.width(), kept.height(), digest);
            return new Inspection(new Checked(found.split(), example, null), picture, samples);
        } catch (BadImageException bad) {
            return bad(found, digest, bad.getMessage());
        } catch (RuntimeException unforeseen) {
            // One picture must not end a job of millions.
            return bad(found, digest, "damaged: " + unforeseen);
        }
    }

    private static Inspection bad(SourceImage found, String digest, String reason) {
        Example example = new Example(found.key(), found.label(), found.bytes(), 0, 0, digest);
        return new Inspection(new Checked(found.split(), example, reason), null, null);
    }
}
