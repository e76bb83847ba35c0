package io.resnetspark.data.image;

import java.util.Optional;

/** An upright JPEG of the ordinary kind, decoded as far down as a cut wants it. */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record EncodedJpeg(byte[] bytes, JpegHeader header) implements Image {
    @Override
    public int width() {
        return header.frame().width();
    }

    @Override
    public int height() {
        return header.frame().height();
    }

    @Override
    public DecodedImage decode(CropRegion region) throws BadImageException {
        Optional<YCbCrImage> decoded = FfmpegJpegDecoder.decode(bytes, header, region);
        return decoded.isPresent() ? decoded.get() : FallbackDecoder.decode(bytes, ImageCodec.Limits.NONE);
    }
}
