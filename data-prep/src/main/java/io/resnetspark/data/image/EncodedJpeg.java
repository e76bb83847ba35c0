package io.resnetspark.data.image;

import java.util.Optional;

/** An upright JPEG of the ordinary kind, decoded as far down as a cut wants it. */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record EncodedJpeg(byte[] bytes, JpegHeader header) implements Picture {
    @Override
    public int width() {
        return header.frame().width();
    }

    @Override
    public int height() {
        return header.frame().height();
    }

    @Override
    public Samples samples(Cut cut) throws BadImageException {
        Optional<YCbCr> fast = FastJpeg.decode(bytes, header, cut);
        return fast.isPresent() ? fast.get() : CarefulDecoder.decode(bytes, Codec.Limits.NONE);
    }
}
