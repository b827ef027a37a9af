// Macros that headers around the world define, in the shape that each has there. What they stand for is no C++, so a
// header of ours that lets one expand does not compile.

// clang-format off: these are no tokens of C++

// <windows.h>, and C libraries that offer them as macros.
#define min(a, b) @min@
#define max(a, b) @max@
#define Yield() @Yield@
#define small @small@
#define near @near@
#define far @far@
#define interface @interface@
#define ERROR @ERROR@
#define DELETE @DELETE@
#define IN @IN@
#define OUT @OUT@
#define OPTIONAL @OPTIONAL@
#define VOID @VOID@
#define CONST @CONST@
#define TRUE @TRUE@
#define FALSE @FALSE@
#define NO_ERROR @NO_ERROR@
#define STRICT @STRICT@

// Qt.
#define emit @emit@
#define slots @slots@
#define signals @signals@
#define foreach @foreach@

// X11.
#define None @None@
#define Success @Success@
#define Status @Status@
#define Bool @Bool@
#define True @True@
#define False @False@
#define Always @Always@
#define Above @Above@
#define Below @Below@
#define Unsorted @Unsorted@

// <complex.h>, <sys/sysmacros.h>, <ctype.h> and the like.
#define I @I@
#define major(device) @major@
#define minor(device) @minor@
#define unix @unix@
#define linux @linux@
#define _(text) @_@

// Apple's <AssertMacros.h>, test frameworks, logging and kernel headers.
#define check(condition) @check@
#define verify(condition) @verify@
#define require(condition) @require@
#define CHECK(condition) @CHECK@
#define REQUIRE(condition) @REQUIRE@
#define FAIL() @FAIL@
#define likely(condition) @likely@
#define unlikely(condition) @unlikely@
#define container_of(pointer, type, member) @container_of@
#define DEBUG @DEBUG@
#define INFO @INFO@
#define LOG(level) @LOG@

// Arduino and other short names.
#define B1 @B1@
#define F(text) @F@
#define EMPTY @EMPTY@
#define UNKNOWN @UNKNOWN@
