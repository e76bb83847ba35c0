package io.resnetspark.data.image;

import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Ordinary JPEGs through FFmpeg's decoder, which has the vector instructions that the JDK's lacks. Whatever is not quite
 * ordinary, or raises the least complaint, is left to the careful way of {@link Codec}: only that one tells why a
 * picture is bad.
 *
 * <p>FFmpeg's contexts serve one thread at a time. Only the one decoder is ever opened, by name; a file does not choose.
 */
final class FastJpeg {
    private static final String DECODER = "mjpeg";
    private static final boolean AVAILABLE = load();
    /** Decoders at rest. There are as many as ever decoded at once; they hold native memory that nobody collects. */
    private static final Deque<FastJpeg> RESTING = new ConcurrentLinkedDeque<>();

    /** Buffers larger than this are given back after a picture. */
    private static final long MOST_KEPT = 16 << 20;

    private static final int PADDING = avcodec.AV_INPUT_BUFFER_PADDING_SIZE;
    /** AV_EF_BITSTREAM, AV_EF_BUFFER and AV_EF_EXPLODE of libavcodec/defs.h: fail instead of concealing. */
    private static final int STRICT = 1 << 1 | 1 << 2 | 1 << 3;

    private static final int QUALITY = swscale.SWS_BILINEAR | swscale.SWS_ACCURATE_RND;

    private final AVCodecContext decoder;
    private final AVPacket packet = avcodec.av_packet_alloc();
    private final AVFrame frame = avutil.av_frame_alloc();
    private final PointerPointer<BytePointer> planes = new PointerPointer<>(4);
    private final IntPointer strides = new IntPointer(4);
    private BytePointer encoded = new BytePointer(1 << 16);
    private BytePointer decoded = new BytePointer(1 << 16);
    private SwsContext toRgb;

    private FastJpeg() {
        AVCodec codec = avcodec.avcodec_find_decoder_by_name(DECODER);
        decoder = avcodec.avcodec_alloc_context3(codec);
        decoder.thread_count(1);
        decoder.err_recognition(STRICT);
        if (avcodec.avcodec_open2(decoder, codec, (org.bytedeco.ffmpeg.avutil.AVDictionary) null) < 0) {
            throw new IllegalStateException("FFmpeg's decoder of JPEGs does not open");
        }
    }

    /** FFmpeg is native code for some platforms; elsewhere the careful way serves. */
    private static boolean load() {
        try {
            Loader.load(swscale.class);
            Loader.load(avcodec.class);
            avutil.av_log_set_level(avutil.AV_LOG_QUIET);
            return avcodec.avcodec_find_decoder_by_name(DECODER) != null;
        } catch (UnsatisfiedLinkError | NoClassDefFoundError missing) {
            return false;
        }
    }

    /** A picture as it is stored, not yet turned; nothing if somebody else has to look at it. */
    static Optional<Image> decode(byte[] bytes, JpegHeader header) {
        boolean ordinary = AVAILABLE
                && header.precision() == 8
                && header.selfContained()
                && (header.components() == 1 || (header.components() == 3 && !header.adobe()))
                && endsWell(bytes);
        if (!ordinary) {
            return Optional.empty();
        }
        FastJpeg resting = RESTING.poll();
        FastJpeg decoder = resting == null ? new FastJpeg() : resting;
        try {
            return decoder.decodeOrdinary(bytes, header);
        } finally {
            decoder.shrink();
            RESTING.push(decoder);
        }
    }

    private void shrink() {
        encoded = kept(encoded);
        decoded = kept(decoded);
    }

    /** The end marker is there, perhaps with padding behind it. */
    private static boolean endsWell(byte[] bytes) {
        int last = bytes.length - 1;
        while (last > 0 && bytes[last] == 0) {
            last--;
        }
        return last > 0 && (bytes[last] & 0xff) == 0xd9 && (bytes[last - 1] & 0xff) == 0xff;
    }

    private Optional<Image> decodeOrdinary(byte[] bytes, JpegHeader header) {
        encoded = atLeast(encoded, bytes.length + PADDING);
        encoded.position(0).put(bytes, 0, bytes.length);
        for (int i = 0; i < PADDING; i++) {
            encoded.put(bytes.length + (long) i, (byte) 0);
        }
        packet.data(encoded);
        packet.size(bytes.length);
        try {
            boolean whole = avcodec.avcodec_send_packet(decoder, packet) >= 0
                    && avcodec.avcodec_receive_frame(decoder, frame) >= 0
                    && frame.decode_error_flags() == 0
                    && frame.width() == header.width()
                    && frame.height() == header.height();
            if (!whole) {
                avcodec.avcodec_flush_buffers(decoder);
                return Optional.empty();
            }
            return rgb(header.width(), header.height());
        } finally {
            avutil.av_frame_unref(frame);
        }
    }

    private Optional<Image> rgb(int width, int height) {
        toRgb = swscale.sws_getCachedContext(
                toRgb,
                width,
                height,
                frame.format(),
                width,
                height,
                avutil.AV_PIX_FMT_RGB24,
                QUALITY,
                null,
                null,
                (DoublePointer) null);
        if (toRgb == null) {
            return Optional.empty();
        }
        IntPointer jpegs = swscale.sws_getCoefficients(swscale.SWS_CS_ITU601);
        swscale.sws_setColorspaceDetails(toRgb, jpegs, 1, jpegs, 1, 0, 1 << 16, 1 << 16);
        int stride = (3 * width + 63) / 64 * 64;
        decoded = atLeast(decoded, (long) stride * height + 64);
        planes.put(0, decoded);
        strides.put(0, stride);
        swscale.sws_scale(toRgb, frame.data(), frame.linesize(), 0, height, planes, strides);
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0; y < height; y++) {
            decoded.position((long) y * stride).get(rgb, 3 * y * width, 3 * width);
        }
        decoded.position(0);
        return Optional.of(new Image(height, width, rgb));
    }

    private static BytePointer kept(BytePointer buffer) {
        if (buffer.capacity() <= MOST_KEPT) {
            return buffer;
        }
        buffer.close();
        return new BytePointer(1);
    }

    private static BytePointer atLeast(BytePointer buffer, long bytes) {
        if (buffer.capacity() >= bytes) {
            return buffer;
        }
        buffer.close();
        return new BytePointer(bytes + bytes / 4);
    }
}
