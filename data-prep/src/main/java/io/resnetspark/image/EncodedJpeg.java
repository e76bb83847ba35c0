package io.resnetspark.image;

import java.util.Optional;

/** An upright JPEG that {@link FfmpegJpegDecoder} supports. It is decoded only as far down as a region needs. */
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
