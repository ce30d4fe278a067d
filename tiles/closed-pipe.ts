/**
 * Who reads the output may stop reading (`skylink-agent --help | head`): what is written after that is dropped, and the
 * work goes on to its end. Node would end the program with a stack trace.
 */
export function outliveReaders(streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
