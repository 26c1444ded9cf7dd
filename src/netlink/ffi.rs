//! The only unsafe code: libnftnl objects that nftnl has no safe wrapper for, the socket calls that
//! mnl lacks, and fork(2).
#![allow(unsafe_code, reason = "libnftnl and the system calls are C; each block has its proof")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::time::Duration;
use std::{fs, io, thread};

use nftnl::{MsgType, NlMsg};
use nftnl_sys as sys;
use nix::unistd::ForkResult;

/// `NFT_MSG_NEWSET` of `include/uapi/linux/netfilter/nf_tables.h`.
const NEWSET: u16 = 9;

/// The value of an attribute of a libnftnl expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A 32-bit number, host endian.
    U32(u32),
    /// Bytes as they are; at most 64, the room of `union nftnl_data_reg`.
    Bytes(Vec<u8>),
    /// A name.
    Text(CString),
}

/// Any expression that libnftnl knows: its name and its `NFTNL_EXPR_*` attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawExpression {
    /// The name, as `struct nft_expr_type` has it.
    pub(crate) name: &'static CStr,
    /// The attributes.
    pub(crate) attributes: Vec<(u32, Value)>,
}

impl RawExpression {
    fn allocate(&self) -> NonNull<sys::nftnl_expr> {
        // SAFETY: the name is a NUL-terminated string; libnftnl copies nothing of it.
        let expression = or_abort(unsafe { sys::nftnl_expr_alloc(self.name.as_ptr()) });
        for (attribute, value) in &self.attributes {
            // The attributes are small constants; a number that does not fit is none of libnftnl's,
            // which ignores those.
            let attribute = u16::try_from(*attribute).unwrap_or(u16::MAX);
            let raw = expression.as_ptr();
            match value {
                // SAFETY: `raw` is live and ours alone; the number is passed by value.
                Value::U32(number) => unsafe { sys::nftnl_expr_set_u32(raw, attribute, *number) },
                Value::Bytes(bytes) => {
                    assert!(bytes.len() <= 64, "the data of an expression fits its registers");
                    let len = u32::try_from(bytes.len()).unwrap_or(0);
                    // SAFETY: `raw` is live; libnftnl copies `len` bytes, which `bytes` has and for
                    // which `union nftnl_data_reg` has room.
                    unsafe { sys::nftnl_expr_set(raw, attribute, bytes.as_ptr().cast(), len) };
                }
                Value::Text(text) => {
                    // SAFETY: `raw` is live; libnftnl copies the NUL-terminated string.
                    unsafe { sys::nftnl_expr_set_str(raw, attribute, text.as_ptr()) };
                }
            }
        }
        expression
    }
}

impl nftnl::expr::Expression for RawExpression {
    fn to_expr(&self, _rule: &nftnl::Rule<'_>) -> NonNull<sys::nftnl_expr> {
        self.allocate()
    }
}

/// A set or map without its elements, as libnftnl's object.
pub(crate) struct SetObject {
    set: NonNull<sys::nftnl_set>,
    family: u8,
}

impl SetObject {
    /// A set with that name in that table.
    pub(crate) fn new(family: u8, table: &CStr, name: &CStr) -> Self {
        // SAFETY: allocates; no arguments.
        let set = or_abort(unsafe { sys::nftnl_set_alloc() });
        let object = Self { set, family };
        object.set_text(sys::NFTNL_SET_TABLE, table);
        object.set_text(sys::NFTNL_SET_NAME, name);
        object
    }

    fn set_text(&self, attribute: u32, text: &CStr) {
        let attribute = u16::try_from(attribute).unwrap_or(u16::MAX);
        // SAFETY: the set is live; libnftnl copies the NUL-terminated string.
        unsafe { sys::nftnl_set_set_str(self.set.as_ptr(), attribute, text.as_ptr()) };
    }

    /// Sets a 32-bit `NFTNL_SET_*` attribute.
    pub(crate) fn set_u32(&mut self, attribute: u32, value: u32) {
        let attribute = u16::try_from(attribute).unwrap_or(u16::MAX);
        // SAFETY: the set is live and borrowed mutably; the number is passed by value.
        unsafe { sys::nftnl_set_set_u32(self.set.as_ptr(), attribute, value) };
    }

    /// Sets a 64-bit `NFTNL_SET_*` attribute.
    pub(crate) fn set_u64(&mut self, attribute: u32, value: u64) {
        let attribute = u16::try_from(attribute).unwrap_or(u16::MAX);
        // SAFETY: as in `set_u32`.
        unsafe { sys::nftnl_set_set_u64(self.set.as_ptr(), attribute, value) };
    }

    /// Sets an `NFTNL_SET_*` attribute of bytes: the user data, or the lengths of a concatenation's
    /// fields, of which there are at most 16 (`NFT_REG32_COUNT`).
    pub(crate) fn set_bytes(&mut self, attribute: u32, bytes: &[u8]) {
        let room = if attribute == sys::NFTNL_SET_DESC_CONCAT { 16 } else { 256 };
        assert!(bytes.len() <= room, "an attribute of a set is short");
        let attribute = u16::try_from(attribute).unwrap_or(u16::MAX);
        let len = u32::try_from(bytes.len()).unwrap_or(0);
        // SAFETY: the set is live and borrowed mutably; libnftnl copies `len` bytes, which `bytes`
        // has; for the fields of a concatenation it has room for 16, otherwise it allocates.
        unsafe {
            sys::nftnl_set_set_data(self.set.as_ptr(), attribute, bytes.as_ptr().cast(), len);
        }
    }

    /// Gives every element of its own what the expression holds.
    pub(crate) fn add_expression(&mut self, expression: &RawExpression) {
        // SAFETY: both are live; the set takes ownership of the expression, which is fresh and
        // not used again here.
        unsafe { sys::nftnl_set_add_expr(self.set.as_ptr(), expression.allocate().as_ptr()) };
    }
}

impl Drop for SetObject {
    fn drop(&mut self) {
        // SAFETY: the set was allocated in `new`, is owned by `self` and is not used after this.
        unsafe { sys::nftnl_set_free(self.set.as_ptr()) };
    }
}

// SAFETY: a set without elements has two names, short user data, at most 16 field lengths and one
// expression: far below the 64 KiB that a buffer for `write` has.
unsafe impl NlMsg for SetObject {
    unsafe fn write(&self, buf: *mut c_void, seq: u32, _: MsgType) {
        let buf = buf.cast::<c_char>();
        // SAFETY: the caller gives a buffer of `nft_nlmsg_maxsize()` bytes, see above.
        let header =
            unsafe { sys::nftnl_nlmsg_build_hdr(buf, NEWSET, u16::from(self.family), 0, seq) };
        // SAFETY: `header` lies in that buffer, and the set is live.
        unsafe { sys::nftnl_set_nlmsg_build_payload(header, self.set.as_ptr()) };
    }
}

/// The bytes of the message that makes, or deletes, `object`.
pub(crate) fn message(object: &impl NlMsg, seq: u32, kind: MsgType) -> Vec<u8> {
    let size = usize::try_from(nftnl::nft_nlmsg_maxsize()).unwrap_or(usize::MAX);
    // Words, because the message starts with a header of 32-bit fields.
    let mut buffer = vec![0_u64; size.div_ceil(8)];
    // SAFETY: the buffer has `nft_nlmsg_maxsize()` bytes, is zeroed and aligned to 8, and every
    // implementation of `NlMsg` promises to stay within that size.
    unsafe { object.write(buffer.as_mut_ptr().cast(), seq, kind) };
    let [a, b, c, d, ..] = buffer.first().copied().unwrap_or(0).to_ne_bytes();
    let len = usize::try_from(u32::from_ne_bytes([a, b, c, d])).unwrap_or(0);
    let words = buffer.iter().take(len.div_ceil(8));
    let mut bytes: Vec<u8> = words.flat_map(|word| word.to_ne_bytes()).collect();
    bytes.truncate(len);
    bytes
}

/// setsockopt(2) with an integer.
pub(crate) fn set_option(
    socket: &mnl::Socket,
    level: c_int,
    name: c_int,
    value: c_int,
) -> io::Result<()> {
    let len = socklen::<c_int>();
    // SAFETY: the descriptor is open as long as `socket` lives, and the kernel reads `len` bytes of
    // `value`, which has just as many.
    let result = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), len)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// getsockopt(2) of an integer.
pub(crate) fn option(socket: &mnl::Socket, level: c_int, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut len = socklen::<c_int>();
    // SAFETY: the descriptor is open as long as `socket` lives, and the kernel writes at most `len`
    // bytes to `value`, which has just as many.
    let result = unsafe {
        let value = (&raw mut value).cast();
        libc::getsockopt(socket.as_raw_fd(), level, name, value, &raw mut len)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(value) }
}

/// recv(2); gives the length of the whole datagram even if the buffer is too small for it
/// (`MSG_TRUNC`).
pub(crate) fn receive(socket: &mnl::Socket, buffer: &mut [u8], wait: bool) -> io::Result<usize> {
    let flags = libc::MSG_TRUNC | if wait { 0 } else { libc::MSG_DONTWAIT };
    // SAFETY: the descriptor is open as long as `socket` lives, and the kernel writes at most
    // `buffer.len()` bytes to `buffer`, which is borrowed mutably.
    let result =
        unsafe { libc::recv(socket.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), flags) };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// How long fork waits for threads that were joined to leave the process, in milliseconds.
const THREADS_LEAVE: u32 = 1000;

/// fork(2). The child has everything that the parent had, and may do everything with it.
///
/// # Errors
///
/// What fork(2) gives, and [`io::ErrorKind::Other`] if the process has another thread, or if that
/// cannot be told because `/proc` is missing.
pub(crate) fn fork() -> io::Result<ForkResult> {
    // A thread that was joined runs no more code, but is listed until the kernel has let it go.
    let mut waited = 0;
    while fs::read_dir("/proc/self/task")?.count() != 1 {
        if waited == THREADS_LEAVE {
            return Err(io::Error::other("there is another thread"));
        }
        waited += 1;
        thread::sleep(Duration::from_millis(1));
    }
    // SAFETY: the calling thread is the only one, and as it is here, it starts no other. So no lock
    // is held by a thread that the child lacks, no value is half changed, and the child is not
    // bound to async-signal-safe functions, as that of a process with several threads is.
    Ok(unsafe { nix::unistd::fork() }?)
}

fn socklen<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}

/// libnftnl allocates a few hundred bytes; as with Rust's own allocations, there is no going on
/// without them.
fn or_abort<T>(pointer: *mut T) -> NonNull<T> {
    NonNull::new(pointer).unwrap_or_else(|| std::process::abort())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::{process, thread};

    use super::{ForkResult, fork};

    #[test]
    fn a_process_with_another_thread_is_not_forked() {
        let (end, ended) = mpsc::channel::<()>();
        let other = thread::spawn(move || ended.recv());
        let forked = fork();
        if matches!(forked, Ok(ForkResult::Child)) {
            process::exit(1);
        }
        drop(end);
        assert!(other.join().unwrap().is_err());
        assert_eq!(forked.unwrap_err().to_string(), "there is another thread");
    }
}
