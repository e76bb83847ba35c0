package io.resnetspark.train.bench;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What a round between two workers and a driver must cost on this machine, whoever does it: for each worker a copy out of
 * native memory, a pass over the loopback, one back, and a copy in. A program of its own:
 * {@code java -Xmx2g spark-trainer/src/test/java/io/resnetspark/train/bench/ExchangeFloor.java [FLOATS]}
 */
public final class ExchangeFloor {
    private static final int WORKERS = 2;
    private static final int PIECE = 1 << 18;
    private static final int TIMES = 7;

    private ExchangeFloor() {}

    /** @param args how many floats a state has; ResNet-50's parameters and momentum without it */
    public static void main(String[] args) throws Exception {
        int floats = args.length > 0 ? Integer.parseInt(args[0]) : 2 * 25_610_216;
        List<ByteBuffer> outside = new ArrayList<>();
        List<float[]> inside = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            outside.add(ByteBuffer.allocateDirect(floats * Float.BYTES).order(ByteOrder.nativeOrder()));
            inside.add(new float[floats]);
        }
        for (int time = 0; time < TIMES; time++) {
            double out = seconds(each(i -> {
                outside.get(i).asFloatBuffer().get(inside.get(i));
                return null;
            }));
            double in = seconds(each(i -> {
                outside.get(i).asFloatBuffer().put(inside.get(i));
                return null;
            }));
            double up = loopback(outside);
            double down = loopback(outside);
            System.out.printf(
                    "copy out %.3f s, loopback %.3f s, and back %.3f s (%.2f Gbit/s), copy in %.3f s: %.3f s%n",
                    out, up, down, 2.0 * WORKERS * floats * Float.SIZE / (up + down) * 1e-9, in, out + up + down + in);
        }
    }

    /** What worker i does. */
    private interface Part {
        Void of(int worker) throws Exception;
    }

    private static List<Callable<Void>> each(Part part) {
        List<Callable<Void>> parts = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            int worker = i;
            parts.add(() -> part.of(worker));
        }
        return parts;
    }

    /** All bytes of each, through a socket each, at once. */
    private static double loopback(List<ByteBuffer> outside) throws Exception {
        List<Callable<Void>> ends = new ArrayList<>();
        try (ServerSocketChannel server =
                ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            for (ByteBuffer bytes : outside) {
                SocketChannel sender = SocketChannel.open(server.getLocalAddress());
                SocketChannel receiver = server.accept();
                ends.add(() -> {
                    try (sender) {
                        ByteBuffer left = bytes.duplicate().clear();
                        while (left.position() < left.capacity()) {
                            left.limit(Math.min(left.capacity(), left.position() + PIECE));
                            sender.write(left);
                        }
                        return null;
                    }
                });
                ends.add(() -> {
                    try (receiver) {
                        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
                        while (receiver.read(piece) >= 0) {
                            piece.clear();
                        }
                        return null;
                    }
                });
            }
            return seconds(ends);
        }
    }

    private static double seconds(List<Callable<Void>> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(work.size());
        try {
            long start = System.nanoTime();
            for (Future<Void> end : threads.invokeAll(work)) {
                end.get();
            }
            return (System.nanoTime() - start) * 1e-9;
        } finally {
            threads.shutdown();
        }
    }
}
