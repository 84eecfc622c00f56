/*
 * The agent in the guest. It reads one command a line from a virtio port and answers with one line
 * of JSON. Each task is a process, so that it has address space and page tables of its own; it runs
 * one system call at a time. The agent answers when every task has returned or sleeps.
 *
 *   TASK WORDS...     begin a call of task 1 to 4
 *   unpin PIPE        read what vmsplice put into the pipe, which drops the references
 *   signal TASK restart|plain
 *   look MS           wait so long, then answer
 *   create FILE PAGES BYTE, contents, reset
 *
 * Calls with & between them begin at once.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L
#define HUGE (2L << 20)
#define TASKS 4
#define PIPES 64
#define MAPPINGS 64
#define MB_MAX (8L << 20)

struct call {
  char words[12][64];
  int n;
};

/* Shared between the agent and its tasks. */
struct slot {
  volatile int begun, ended;
  volatile long ret;
  volatile int error; /* An errno, or minus the number of a signal. */
  volatile uint32_t hash;
  volatile int has_hash;
};

static struct slot *slots;
static int orders[TASKS][2], pids[TASKS], pipes[PIPES][2];
static FILE *port;

static uint32_t hash_of(uint32_t h, const unsigned char *b, long n) {
  while (n-- > 0) h = (h ^ *b++) * 16777619u;
  return h;
}
#define HASH_SEED 2166136261u

static char *path_of(const char *name) {
  static char paths[4][80];
  static int at;
  at = (at + 1) % 4;
  snprintf(paths[at], sizeof paths[at], "/pm/%s", name);
  return paths[at];
}

/* A task */

static struct mapping {
  char *at;
  long length;
} mappings[MAPPINGS];
static unsigned char *bytes;
static sigjmp_buf fault;

static void on_fault(int number) { siglongjmp(fault, number); }
static void on_signal(int number) { (void)number; }

struct exchange {
  int fd;
  unsigned pad;
  unsigned long long from, to, length, flags;
};
#define EXCHANGE_RANGE _IOW('X', 129, struct exchange)

static long fiemap_of(int fd, FILE *out) {
  static struct {
    struct fiemap head;
    struct fiemap_extent extents[512];
  } map;
  memset(&map, 0, sizeof map);
  map.head.fm_length = ~0ULL;
  map.head.fm_extent_count = 512;
  long ret = ioctl(fd, FS_IOC_FIEMAP, &map.head);
  for (unsigned i = 0; ret == 0 && i < map.head.fm_mapped_extents; i++) {
    struct fiemap_extent *e = &map.extents[i];
    int unwritten = (e->fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0;
    if (out)
      fprintf(out, "%s[%llu,%llu,%d]", i ? "," : "", e->fe_logical / PAGE, e->fe_length / PAGE,
              unwritten);
  }
  return ret;
}

static long uring_register(char *at, long length) {
  char params[120] = {0};
  int ring = syscall(SYS_io_uring_setup, 4, params);
  if (ring < 0) return -1;
  struct iovec v = {at, length};
  long ret = syscall(SYS_io_uring_register, ring, 0, &v, 1);
  int error = errno;
  close(ring);
  errno = error;
  return ret;
}

static char *map_file(int fd, long offset, long length, int writable, int shared) {
  int access = PROT_READ | (writable ? PROT_WRITE : 0);
  char *room = mmap(0, length + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  /* Congruent to the offset, so that an entry of 2 MiB can be mapped. */
  char *at = (char *)((((uintptr_t)room + HUGE - 1) & ~(HUGE - 1)) + offset % HUGE);
  return mmap(at, length, access, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED, fd, offset);
}

static long run(struct call *c, struct slot *s) {
  const char *op = c->words[0];
#define NUMBER(i) atol(c->words[i])
  if (!strcmp(op, "munmap") || !strcmp(op, "load") || !strcmp(op, "store") ||
      !strcmp(op, "msync") || !strcmp(op, "pin") || !strcmp(op, "longterm")) {
    struct mapping *m = &mappings[NUMBER(1)];
    char *at = m->at + NUMBER(2);
    long length = NUMBER(3);
    if (!strcmp(op, "munmap")) {
      long ret = munmap(m->at, m->length);
      m->at = 0;
      return ret;
    }
    if (!strcmp(op, "msync")) return msync(at, length, MS_SYNC);
    if (!strcmp(op, "longterm")) return uring_register(at, length);
    if (!strcmp(op, "pin")) {
      struct iovec v = {at, length};
      return vmsplice(pipes[NUMBER(4)][1], &v, 1, SPLICE_F_NONBLOCK);
    }
    int number = sigsetjmp(fault, 1);
    if (number) {
      s->error = -number;
      return -1;
    }
    if (!strcmp(op, "load")) {
      memcpy(bytes, at, length);
      s->hash = hash_of(HASH_SEED, bytes, length);
      s->has_hash = 1;
    } else
      memset(at, NUMBER(4), length);
    return length;
  }
  if (!strcmp(op, "unlink")) return unlink(path_of(c->words[1]));
  if (!strcmp(op, "rename")) return rename(path_of(c->words[1]), path_of(c->words[2]));
  int fd = open(path_of(c->words[1]), O_RDWR);
  if (fd < 0) return -1;
  long ret = -1, offset = NUMBER(2), length = NUMBER(3);
  errno = 0;
  if (!strcmp(op, "write")) {
    memset(bytes, NUMBER(4), length);
    ret = pwrite(fd, bytes, length, offset);
  } else if (!strcmp(op, "read")) {
    ret = pread(fd, bytes, length, offset);
    s->hash = hash_of(HASH_SEED, bytes, ret > 0 ? ret : 0);
    s->has_hash = 1;
  } else if (!strcmp(op, "truncate"))
    ret = ftruncate(fd, offset);
  else if (!strcmp(op, "fallocate"))
    ret = fallocate(fd, NUMBER(4), offset, length);
  else if (!strcmp(op, "mmap")) {
    struct mapping *m = &mappings[NUMBER(6)];
    m->at = map_file(fd, offset, length, NUMBER(4), NUMBER(5));
    m->length = length;
    ret = m->at == MAP_FAILED ? -1 : 0;
  } else if (!strcmp(op, "exchange")) {
    int other = open(path_of(c->words[4]), O_RDWR);
    struct exchange x = {fd, 0, offset, NUMBER(5), length, 0};
    ret = other < 0 ? -1 : ioctl(other, EXCHANGE_RANGE, &x);
    int error = errno;
    close(other);
    errno = error;
  } else if (!strcmp(op, "fiemap"))
    ret = fiemap_of(fd, 0);
  else if (!strcmp(op, "hole"))
    ret = lseek(fd, offset, SEEK_HOLE);
  else if (!strcmp(op, "data"))
    ret = lseek(fd, offset, SEEK_DATA);
  else if (!strcmp(op, "fsync"))
    ret = fsync(fd);
  int error = errno;
  close(fd);
  errno = error;
  return ret;
}

static void catch_signal(int number, void (*how)(int), int flags) {
  struct sigaction action = {0};
  action.sa_handler = how;
  action.sa_flags = flags;
  sigaction(number, &action, 0);
}

static void task(int index) {
  struct slot *s = &slots[index];
  struct call c;
  bytes = malloc(MB_MAX);
  catch_signal(SIGBUS, on_fault, SA_NODEFER);
  catch_signal(SIGSEGV, on_fault, SA_NODEFER);
  catch_signal(SIGUSR1, on_signal, 0);
  catch_signal(SIGUSR2, on_signal, SA_RESTART);
  for (;;) {
    long n;
    while ((n = read(orders[index][0], &c, sizeof c)) < 0 && errno == EINTR) continue;
    if (n != sizeof c) _exit(0);
    s->error = 0;
    s->has_hash = 0;
    errno = 0;
    long ret = run(&c, s);
    if (ret < 0 && s->error == 0) s->error = errno;
    s->ret = ret;
    __sync_synchronize();
    s->ended = s->begun;
  }
}

/* The agent */

struct looked {
  char state;
  long switches;
  char at[48];
};

static struct looked look(int pid) {
  struct looked l = {'?', 0, ""};
  char name[64], line[512];
  snprintf(name, sizeof name, "/proc/%d/stat", pid);
  FILE *f = fopen(name, "r");
  if (f && fgets(line, sizeof line, f)) {
    char *end = strrchr(line, ')');
    if (end) l.state = end[2];
  }
  if (f) fclose(f);
  snprintf(name, sizeof name, "/proc/%d/status", pid);
  f = fopen(name, "r");
  long count;
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1 ||
        sscanf(line, "nonvoluntary_ctxt_switches: %ld", &count) == 1)
      l.switches += count;
  if (f) fclose(f);
  snprintf(name, sizeof name, "/proc/%d/wchan", pid);
  f = fopen(name, "r");
  if (f && fgets(l.at, sizeof l.at, f)) l.at[strcspn(l.at, ".\n")] = 0;
  if (f) fclose(f);
  return l;
}

static void nap(int us) {
  struct timespec t = {us / 1000000, us % 1000000 * 1000L};
  nanosleep(&t, 0);
}

static int busy(int i) { return slots[i].begun != slots[i].ended; }

/* Waits until each task has returned, or sleeps and is not switched to, `quiet` looks long. */
static void rest(struct looked *last, int quiet) {
  int same = 0;
  for (int looks = 0; looks < 1500 && same < quiet; looks++) {
    int calm = 1;
    for (int i = 0; i < TASKS; i++) {
      if (!busy(i)) {
        last[i].switches = -1;
        continue;
      }
      struct looked now = look(pids[i]);
      if (!busy(i)) now.switches = -1;
      if (now.switches != last[i].switches || (now.state != 'S' && now.state != 'D')) calm = 0;
      last[i] = now;
    }
    int any = 0;
    for (int i = 0; i < TASKS; i++) any |= busy(i);
    if (!any) return;
    same = calm ? same + 1 : 0;
    nap(1500);
  }
}

static const char *name_of(int error) {
  if (error == -SIGBUS) return "SIGBUS";
  if (error == -SIGSEGV) return "SIGSEGV";
  return error == 0 ? "" : strerrorname_np(error);
}

static void answer_tasks(int quiet) {
  struct looked last[TASKS];
  memset(last, 0, sizeof last);
  rest(last, quiet);
  fprintf(port, "{\"tasks\":[");
  for (int i = 0; i < TASKS; i++) {
    struct slot *s = &slots[i];
    fprintf(port, "%s", i ? "," : "");
    if (busy(i))
      fprintf(port, "{\"state\":\"%c\",\"at\":\"%s\"}", last[i].state, last[i].at);
    else if (s->ended == 0)
      fprintf(port, "{}");
    else {
      fprintf(port, "{\"ret\":%ld,\"errno\":\"%s\"", s->ret, s->ret < 0 ? name_of(s->error) : "");
      if (s->has_hash) fprintf(port, ",\"hash\":%u", s->hash);
      fprintf(port, "}");
    }
  }
  fprintf(port, "],\"files\":{");
  const char *names[] = {"a", "b", "c"};
  int n = 0;
  for (int i = 0; i < 3; i++) {
    struct stat st;
    if (stat(path_of(names[i]), &st) == 0)
      fprintf(port, "%s\"%s\":[%ld,%ld]", n++ ? "," : "", names[i], (long)st.st_size,
              (long)st.st_blocks);
  }
  struct statfs fs;
  statfs("/pm", &fs);
  fprintf(port, "},\"free\":%ld}\n", (long)fs.f_bfree);
}

/* Extents and content of each file. Blocks while a call holds i_rwsem. */
static void answer_contents(void) {
  static unsigned char page[PAGE];
  const char *names[] = {"a", "b", "c"};
  int n = 0;
  fprintf(port, "{");
  for (int i = 0; i < 3; i++) {
    int fd = open(path_of(names[i]), O_RDONLY);
    if (fd < 0) continue;
    fprintf(port, "%s\"%s\":{\"extents\":[", n++ ? "," : "", names[i]);
    fiemap_of(fd, port);
    fprintf(port, "],\"hashes\":[");
    long got, times = 0, runs = 0;
    uint32_t last = 0;
    for (long at = 0;; at += PAGE) {
      got = pread(fd, page, PAGE, at);
      uint32_t hash = hash_of(HASH_SEED, page, got > 0 ? got : 0);
      if (times > 0 && (got <= 0 || hash != last)) {
        fprintf(port, "%s[%u,%ld]", runs++ ? "," : "", last, times);
        times = 0;
      }
      if (got <= 0) break;
      last = hash;
      times++;
    }
    fprintf(port, "]}");
    close(fd);
  }
  fprintf(port, "}\n");
}

static void drain(int index) {
  static char sink[65536];
  while (read(pipes[index][0], sink, sizeof sink) > 0) continue;
}

static void start_tasks(void) {
  for (int i = 0; i < TASKS; i++) {
    if (pipe(orders[i])) exit(1);
    memset((void *)&slots[i], 0, sizeof slots[i]);
    pids[i] = fork();
    if (pids[i] == 0) {
      for (int j = 0; j <= i; j++) close(orders[j][1]);
      task(i);
    }
  }
}

/*
 * Preallocates, so that the blocks are one run, and so that a file of 2 MiB or more begins where
 * its first block can be part of an entry of 2 MiB: what lies before is collapsed.
 */
static int preallocate(int fd, long pages) {
  long more = pages * PAGE < HUGE ? 0 : HUGE;
  if (fallocate(fd, 0, 0, pages * PAGE + more)) return errno;
  if (more == 0) return 0;
  struct {
    struct fiemap head;
    struct fiemap_extent extent;
  } map;
  memset(&map, 0, sizeof map);
  map.head.fm_length = ~0ULL;
  map.head.fm_extent_count = 1;
  if (ioctl(fd, FS_IOC_FIEMAP, &map.head)) return errno;
  long before = -map.extent.fe_physical & (HUGE - 1);
  if (before > 0 && fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, before)) return errno;
  return ftruncate(fd, pages * PAGE) ? errno : 0;
}

static int create(struct call *c) {
  static unsigned char page[PAGE];
  int fd = open(path_of(c->words[1]), O_RDWR | O_CREAT | O_TRUNC, 0644);
  memset(page, atoi(c->words[3]), PAGE);
  long pages = atol(c->words[2]);
  int error = pages > 0 ? preallocate(fd, pages) : 0;
  for (long at = 0; at < pages && error == 0; at++)
    if (pwrite(fd, page, PAGE, at * PAGE) != PAGE) error = errno ? errno : EIO;
  fsync(fd);
  close(fd);
  return error;
}

/* New tasks, whose end unmaps everything, and no files. */
static void reset(void) {
  const char *names[] = {"a", "b", "c"};
  for (int i = 0; i < PIPES; i++) drain(i);
  for (int i = 0; i < TASKS; i++) {
    close(orders[i][1]);
    close(orders[i][0]);
    kill(pids[i], SIGKILL);
  }
  while (wait(0) > 0) continue;
  for (int i = 0; i < 3; i++) unlink(path_of(names[i]));
  start_tasks();
}

static void begin(int index, struct call *c) {
  memmove(c->words[0], c->words[1], sizeof c->words - sizeof c->words[0]);
  slots[index].begun += 1;
  if (write(orders[index][1], c, sizeof *c) != sizeof *c) exit(1);
}

/* Begins a call of a task, or does what else a line says; 1 if the tasks are to be looked at. */
static int is_call(struct call *c) {
  const char *word = c->words[0];
  if (word[0] >= '1' && word[0] <= '0' + TASKS)
    begin(word[0] - '1', c);
  else if (!strcmp(word, "unpin"))
    drain(atoi(c->words[1]));
  else if (!strcmp(word, "signal"))
    kill(pids[atoi(c->words[1]) - 1], strcmp(c->words[2], "restart") == 0 ? SIGUSR2 : SIGUSR1);
  else if (!strcmp(word, "look"))
    nap(atoi(c->words[1]) * 1000);
  else {
    if (!strcmp(word, "contents"))
      answer_contents();
    else if (!strcmp(word, "create"))
      fprintf(port, "{\"errno\":\"%s\"}\n", name_of(create(c)));
    else if (!strcmp(word, "reset")) {
      reset();
      fprintf(port, "{}\n");
    } else
      fprintf(port, "{\"wrong\":\"%s\"}\n", word);
    return 0;
  }
  return 1;
}

int main(void) {
  char line[512];
  port = fopen("/dev/vport0p1", "r+");
  if (!port) return 1;
  setvbuf(port, 0, _IONBF, 0);
  FILE *in = fdopen(dup(fileno(port)), "r");
  static char out[1 << 20];
  setvbuf(port, out, _IOFBF, sizeof out);
  slots = mmap(0, sizeof *slots * TASKS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < PIPES; i++)
    if (pipe2(pipes[i], O_NONBLOCK)) return 1;
  start_tasks();
  fprintf(port, "{\"ready\":true}\n");
  fflush(port);
  while (fgets(line, sizeof line, in)) {
    line[strcspn(line, "\n")] = 0;
    int calls = 0;
    char *rest;
    for (char *part = strtok_r(line, "&", &rest); part; part = strtok_r(0, "&", &rest)) {
      struct call c = {0};
      char *more;
      for (char *w = strtok_r(part, " ", &more); w && c.n < 12; w = strtok_r(0, " ", &more))
        snprintf(c.words[c.n++], sizeof c.words[0], "%s", w);
      calls += is_call(&c);
    }
    if (calls > 0) answer_tasks(3);
    fflush(port);
  }
  return 0;
}
