package io.resnetspark.data.prepare;

import io.resnetspark.data.SourceImage;
import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Image;
import io.resnetspark.data.image.Resize;
import io.resnetspark.data.shard.Example;
import io.resnetspark.storage.Digests;

/**
 * A look at one picture: decoded once, perhaps scaled down, or set aside with a reason.
 *
 * @param decoded the picture as found; null if it is bad
 */
record Inspection(Checked checked, Image decoded) {
    /** Of pictures that are scaled down: far above what the eye or a network notices. */
    private static final float JPEG_QUALITY = 0.95f;

    static Inspection of(SourceImage found, PrepareSettings settings) {
        String digest = Digests.of(found.bytes());
        try {
            if (found.reason() != null) {
                throw new BadImageException(found.reason());
            }
            Image decoded = Codec.decode(found.bytes(), settings.limits());
            Image image = decoded;
            byte[] bytes = found.bytes();
            if (!settings.keepOriginal() && image.shorterSide() > settings.shorterSide()) {
                image = Resize.shorterSide(image, settings.shorterSide());
                bytes = Codec.jpeg(image, JPEG_QUALITY);
            }
            Example example = new Example(found.key(), found.label(), bytes, image.width(), image.height(), digest);
            return new Inspection(new Checked(found.split(), example, null), decoded);
        } catch (BadImageException bad) {
            Example example = new Example(found.key(), found.label(), found.bytes(), 0, 0, digest);
            return new Inspection(new Checked(found.split(), example, bad.getMessage()), null);
        }
    }
}
