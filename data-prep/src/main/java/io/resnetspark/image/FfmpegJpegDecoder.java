package io.resnetspark.image;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVPixFmtDescriptor;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;

/**
 * Decodes common JPEGs with FFmpeg, which uses vector instructions that the JDK's decoder lacks. Unusual files, and
 * files that raise any complaint, are left to {@link FallbackDecoder}, which can tell why an image is bad.
 *
 * <p>A decoder serves one image and is closed, because FFmpeg's keeps tables and comments from one file to the next.
 * Only this one decoder is ever opened, by name; a file cannot choose another.
 */
final class FfmpegJpegDecoder implements AutoCloseable {
    private static final String DECODER = "mjpeg";
    private static final boolean AVAILABLE = load();
    private static final int PADDING = avcodec.AV_INPUT_BUFFER_PADDING_SIZE;
    /** AV_EF_BITSTREAM, AV_EF_BUFFER and AV_EF_EXPLODE of libavcodec/defs.h: fail instead of concealing. */
    private static final int STRICT = 1 << 1 | 1 << 2 | 1 << 3;

    private static final byte[] ZEROS = new byte[PADDING];

    /** 8-bit Y'CbCr formats. */
    private static final Set<Integer> SUBSAMPLED = Set.of(
            avutil.AV_PIX_FMT_YUVJ420P,
            avutil.AV_PIX_FMT_YUVJ422P,
            avutil.AV_PIX_FMT_YUVJ440P,
            avutil.AV_PIX_FMT_YUVJ444P,
            avutil.AV_PIX_FMT_YUV420P,
            avutil.AV_PIX_FMT_YUV422P,
            avutil.AV_PIX_FMT_YUV440P,
            avutil.AV_PIX_FMT_YUV444P);

    private final AVCodecContext decoder;
    private final AVPacket packet = avcodec.av_packet_alloc();
    private final AVFrame frame = avutil.av_frame_alloc();
    private final BytePointer encoded;

    private FfmpegJpegDecoder(int bytes) {
        encoded = new BytePointer(bytes + PADDING);
        AVCodec codec = avcodec.avcodec_find_decoder_by_name(DECODER);
        decoder = avcodec.avcodec_alloc_context3(codec);
        decoder.thread_count(1);
        decoder.err_recognition(STRICT);
        if (avcodec.avcodec_open2(decoder, codec, (org.bytedeco.ffmpeg.avutil.AVDictionary) null) < 0) {
            throw new IllegalStateException("FFmpeg's decoder of JPEGs does not open");
        }
    }

    /** FFmpeg is native code and exists for some platforms only; elsewhere the fallback decoder is used. */
    private static boolean load() {
        try {
            Loader.load(avcodec.class);
            avutil.av_log_set_level(avutil.AV_LOG_QUIET);
            return avcodec.avcodec_find_decoder_by_name(DECODER) != null;
        } catch (UnsatisfiedLinkError | NoClassDefFoundError missing) {
            return false;
        }
    }

    /** Whether this decoder should be tried for an image. */
    static boolean supports(byte[] bytes, JpegHeader header) {
        return AVAILABLE
                && header.frame().precision() == 8
                && header.selfContained()
                && (header.colorSpace() == JpegColorSpace.GRAY
                        || (header.colorSpace() == JpegColorSpace.YCBCR
                                && header.frame().hasCommonSubsampling()))
                && hasEndMarker(bytes);
    }

    /**
     * Decodes what a region needs, without applying the orientation; empty if the fallback decoder must look at the
     * image.
     */
    static Optional<YCbCrImage> decode(byte[] bytes, JpegHeader header, CropRegion region) {
        try (FfmpegJpegDecoder decoder = new FfmpegJpegDecoder(bytes.length)) {
            return decoder.decodeRows(bytes, header, region);
        }
    }

    @Override
    public void close() {
        avutil.av_frame_free(frame);
        avcodec.av_packet_free(packet);
        avcodec.avcodec_free_context(decoder);
        encoded.close();
    }

    /** Whether the file ends with the end marker, perhaps followed by padding. */
    private static boolean hasEndMarker(byte[] bytes) {
        int last = bytes.length - 1;
        while (last > 0 && bytes[last] == 0) {
            last--;
        }
        return last > 0 && (bytes[last] & 0xff) == 0xd9 && (bytes[last - 1] & 0xff) == 0xff;
    }

    private Optional<YCbCrImage> decodeRows(byte[] bytes, JpegHeader header, CropRegion region) {
        int rows = rowsToDecode(header, region);
        setInput(bytes, header, rows);
        boolean whole = avcodec.avcodec_send_packet(decoder, packet) >= 0
                && avcodec.avcodec_receive_frame(decoder, frame) >= 0
                && frame.decode_error_flags() == 0
                && frame.width() == header.frame().width()
                && frame.height() == rows;
        return whole ? toYCbCr(header, region, rows) : Optional.empty();
    }

    /** A scan is stored from top to bottom, so rows below a region need not be decoded. */
    private static int rowsToDecode(JpegHeader header, CropRegion region) {
        int needed = region.endRow(header.frame().height());
        int whole = (needed + header.frame().mcuHeight() - 1)
                / header.frame().mcuHeight()
                * header.frame().mcuHeight();
        return header.frame().isSequential()
                ? Math.min(whole, header.frame().height())
                : header.frame().height();
    }

    /** Gives the decoder an image whose height is overwritten with {@code rows}. */
    private void setInput(byte[] bytes, JpegHeader header, int rows) {
        encoded.position(0).put(bytes, 0, bytes.length);
        encoded.position(bytes.length).put(ZEROS, 0, PADDING);
        encoded.position(0);
        encoded.put(header.frame().heightOffset(), (byte) (rows >> 8));
        encoded.put(header.frame().heightOffset() + 1L, (byte) rows);
        packet.data(encoded);
        packet.size(bytes.length);
    }

    private Optional<YCbCrImage> toYCbCr(JpegHeader header, CropRegion region, int rows) {
        int format = frame.format();
        Plane luminance = plane(0, header.frame().width(), header.frame().height(), region, rows);
        if (format == avutil.AV_PIX_FMT_GRAY8) {
            return Optional.of(new YCbCrImage(luminance, null, null, 1, 1));
        }
        if (!SUBSAMPLED.contains(format)) {
            return Optional.empty();
        }
        AVPixFmtDescriptor descriptor = avutil.av_pix_fmt_desc_get(format);
        int across = 1 << descriptor.log2_chroma_w();
        int down = 1 << descriptor.log2_chroma_h();
        int width = (header.frame().width() + across - 1) / across;
        int height = (header.frame().height() + down - 1) / down;
        CropRegion subsampled = region.subsampled(across, down);
        Plane blue = plane(1, width, height, subsampled, (rows + down - 1) / down);
        Plane red = plane(2, width, height, subsampled, (rows + down - 1) / down);
        return Optional.of(new YCbCrImage(luminance, blue, red, across, down));
    }

    /** Copies the part that a region needs out of the decoder's memory. */
    private Plane plane(int plane, int width, int height, CropRegion region, int rows) {
        int left = region.firstColumn();
        int top = region.firstRow();
        int columns = region.endColumn(width) - left;
        int end = Math.min(rows, region.endRow(height));
        int stride = frame.linesize(plane);
        byte[] samples = new byte[Math.multiplyExact(end - top, columns)];
        ByteBuffer decoded = frame.data(plane).capacity((long) stride * rows).asByteBuffer();
        for (int y = top; y < end; y++) {
            decoded.get(y * stride + left, samples, (y - top) * columns, columns);
        }
        return new Plane(samples, -top * columns - left, columns, width, height);
    }
}
