// All of it is in the header; a target wants one file to compile.
#include "CScan.h"
