package io.resnetspark.prepare;

import io.resnetspark.dataset.Example;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.DecodedImage;
import io.resnetspark.image.Image;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.source.SourceImage;
import io.resnetspark.storage.Digests;

/**
 * The check of one image: it is decoded once, perhaps resized, or quarantined with a reason.
 *
 * @param image as found; null if it is bad
 * @param decoded all of it; null if it is bad
 */
record Inspection(CheckedImage checked, Image image, DecodedImage decoded) {
    /** Quality of resized images: far above what a viewer or a network notices. */
    private static final float JPEG_QUALITY = 0.95f;

    /** The longest side that libjpeg writes, in pixels. */
    private static final int MAX_JPEG_SIDE = 65_500;

    static Inspection of(SourceImage found, PrepareSettings settings) {
        String digest = Digests.of(found.bytes());
        try {
            if (found.reason() != null) {
                throw new BadImageException(found.reason());
            }
            Image image = ImageCodec.open(found.bytes(), settings.limits());
            DecodedImage decoded = image.decode(CropRegion.whole(image));
            CropRegion kept = CropRegion.whole(image);
            byte[] bytes = found.bytes();
            if (!settings.keepOriginal() && image.shorterSide() > settings.shorterSide()) {
                CropRegion smaller = CropRegion.resized(image, settings.shorterSide());
                if (Math.max(smaller.width(), smaller.height()) <= MAX_JPEG_SIDE) {
                    kept = smaller;
                    bytes = ImageCodec.jpeg(decoded.toRgb(kept), JPEG_QUALITY);
                }
            }
            Example example = new Example(found.key(), found.label(), bytes, kept.width(), kept.height(), digest);
            return new Inspection(new CheckedImage(found.split(), example, null), image, decoded);
        } catch (BadImageException bad) {
            return bad(found, digest, bad.getMessage());
        } catch (RuntimeException unforeseen) {
            // One image must not fail a job of millions.
            return bad(found, digest, "damaged: " + unforeseen);
        }
    }

    private static Inspection bad(SourceImage found, String digest, String reason) {
        Example example = new Example(found.key(), found.label(), found.bytes(), 0, 0, digest);
        return new Inspection(new CheckedImage(found.split(), example, reason), null, null);
    }
}
